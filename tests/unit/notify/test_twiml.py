"""What a call says, and which keys it offers."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from services.notify.gateways import twiml
from services.notify.gateways.twiml import Key

URL = "https://haven.example/callbacks/east/digits?tenant_id=river&message_id=m-1"


def test_a_page_is_read_twice_while_one_key_is_waited_for() -> None:
    response = fromstring(twiml.page("Please answer now.", digits_url=URL))
    (gather,) = response
    (say,) = gather

    assert gather.tag == "Gather"
    assert (gather.get("numDigits"), gather.get("action")) == ("1", URL)
    assert (say.tag, say.get("loop")) == ("Say", "2")
    assert (say.text or "").startswith("Please answer now.")


def test_the_voice_and_the_reply_offer_every_key_that_is_understood() -> None:
    for key in Key:
        assert f"Press {key}" in twiml.KEYPAD
        assert f"{key} " in twiml.REPLY


def test_a_call_that_wants_no_answer_offers_no_key() -> None:
    response = fromstring(twiml.call("You have a new message."))

    assert [part.tag for part in response] == ["Say"]


def test_words_cannot_become_instructions() -> None:
    text = "</Say><Dial>+15550199</Dial> & more"
    response = fromstring(twiml.call(text))

    assert [part.tag for part in response.iter()] == ["Response", "Say"]
    assert response[0].text == text


def test_the_answer_to_a_key_ends_the_call() -> None:
    assert [part.tag for part in fromstring(twiml.spoken("Thank you."))] == ["Say", "Hangup"]


def test_a_text_is_answered_or_not() -> None:
    assert [part.text for part in fromstring(twiml.texted("Call 988."))] == ["Call 988."]
    assert len(fromstring(twiml.texted(""))) == 0
