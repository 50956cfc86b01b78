"""What a call says, and which keys it offers."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from services.notify.domain.answer import KEYS
from services.notify.domain.lock_screen import segments_exceeded, told_by
from services.notify.domain.template import PAGE, template
from services.notify.domain.wording import Language
from services.notify.gateways import twiml

URL = "https://haven.example/callbacks/east/digits?tenant_id=river&message_id=m-1"


def test_a_page_is_read_twice_while_one_key_is_waited_for() -> None:
    response = fromstring(twiml.page("Please answer now.", digits_url=URL))
    (gather,) = response
    (say,) = gather

    assert gather.tag == "Gather"
    assert (gather.get("numDigits"), gather.get("action")) == ("1", URL)
    assert (say.tag, say.get("loop")) == ("Say", "2")
    assert (say.text or "").startswith("Please answer now.")


@pytest.mark.parametrize("language", Language)
def test_the_voice_and_the_reply_offer_every_key_that_is_understood(language: Any) -> None:
    for key in KEYS:
        assert re.search(rf"\b{key}\b", twiml.KEYPAD[language])
        assert re.search(rf"\b{key}\b", twiml.REPLY[language])


@pytest.mark.parametrize("language", Language)
def test_a_page_and_what_to_reply_are_one_text_message(language: Any) -> None:
    _, body = template(PAGE).render({"reference": "c-1"}, channel="sms", language=language)

    assert not segments_exceeded(f"{body}\n{twiml.REPLY[language]}")


@pytest.mark.parametrize("language", Language)
def test_what_a_voice_says_tells_nothing_either(language: Any) -> None:
    for said in (twiml.KEYPAD, twiml.REPLY, twiml.RECORDED):
        assert told_by(said[language]) == ()


def test_a_call_in_spanish_is_read_by_a_voice_that_knows_it() -> None:
    spanish = Language.SPANISH
    scripts = [
        twiml.call("Tiene un mensaje.", spanish),
        twiml.page("Se le llama.", digits_url=URL, language=spanish),
        twiml.recorded(spanish),
        twiml.asked_again(spanish),
    ]

    for script in scripts:
        assert [say.get("language") for say in fromstring(script).iter("Say")] == ["es-US"]


def test_a_call_that_wants_no_answer_offers_no_key() -> None:
    response = fromstring(twiml.call("You have a new message."))

    assert [part.tag for part in response] == ["Say"]


def test_words_cannot_become_instructions() -> None:
    text = "</Say><Dial>+15550199</Dial> & more"
    response = fromstring(twiml.call(text))

    assert [part.tag for part in response.iter()] == ["Response", "Say"]
    assert response[0].text == text


def test_the_answer_to_a_key_ends_the_call() -> None:
    response = fromstring(twiml.recorded(Language.ENGLISH))

    assert [part.tag for part in response] == ["Say", "Hangup"]


def test_keys_that_mean_nothing_are_asked_about_at_the_same_address() -> None:
    (gather,) = fromstring(twiml.asked_again(Language.ENGLISH))

    assert (gather.tag, gather.get("action")) == ("Gather", None)


def test_a_text_is_answered_by_a_message_of_its_own() -> None:
    assert len(fromstring(twiml.nothing())) == 0
