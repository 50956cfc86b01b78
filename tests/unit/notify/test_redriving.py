"""What got stuck goes again when a person says so; wordings can be looked at first."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import FailedPrecondition, NotFound, Unavailable
from services.notify.domain.commands import PreviewMessage, RedriveMessages, ResendMessage
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel, MessageClass
from services.notify.domain.wording import Language
from tests.unit.notify.house import NUMBER, House

AWAY = Unavailable("PROVIDER_UNREACHABLE", "away")


@pytest.fixture
def house() -> House:
    """Three nudges are parked: the provider was away for too long."""
    house = House(attempts=2, retry_first_seconds=1)
    house.patient_contact("ana@mail.example")
    house.provider.failure = AWAY
    for number in range(3):
        house.absence(f"s-{number}")
    house.time_passes()
    house.time_passes(seconds=5)
    house.provider.failure = None
    assert house.states == ["parked"] * 3
    return house


def resend(house: House, message_id: str, **parts: Any) -> Any:
    return house.notify.redriving.resend(house.call(**parts), ResendMessage(message_id))


def redrive(house: House, limit: int, **parts: Any) -> Any:
    command = RedriveMessages(parts.pop("message_class", MessageClass.CLINICAL), limit)
    return house.notify.redriving.redrive(house.call(**parts), command)


def test_a_parked_message_goes_again(house: House) -> None:
    resend(house, house.messages[0]["_id"])
    house.time_passes()

    assert house.states == ["delivered", "parked", "parked"]


def test_it_goes_again_even_after_its_time_was_over(house: House) -> None:
    house.time_passes(hours=2)
    resend(house, house.messages[0]["_id"])
    house.time_passes()

    assert house.states[0] == "delivered"


def test_a_message_that_goes_again_is_a_new_one_for_its_provider(house: House) -> None:
    message_id = house.messages[0]["_id"]
    resend(house, message_id)
    house.time_passes()

    (mail,) = house.provider.taken
    assert mail.message_id == f"{message_id}.2"


def test_a_message_that_arrived_does_not_go_again(house: House) -> None:
    message_id = house.messages[0]["_id"]
    resend(house, message_id)
    house.time_passes()

    with pytest.raises(FailedPrecondition) as refused:
        resend(house, message_id)
    assert refused.value.reason == "MESSAGE_NOT_STUCK"


def test_a_page_is_crisis_to_ask_for_again() -> None:
    house = House()
    house.page("dr-nowhere")
    house.time_passes()

    with pytest.raises(FailedPrecondition) as refused:
        resend(house, house.messages[0]["_id"])
    assert refused.value.reason == "MESSAGE_IS_A_PAGE"


def test_another_tenants_message_does_not_exist(house: House) -> None:
    with pytest.raises(NotFound):
        resend(house, house.messages[0]["_id"], tenant_id="harbor")
    assert redrive(house, 10, tenant_id="harbor").count == 0


def test_parked_messages_go_again_in_bounded_numbers(house: House) -> None:
    first = redrive(house, 2)
    second = redrive(house, 2)
    house.time_passes()

    assert (first.count, first.has_more) == (2, True)
    assert (second.count, second.has_more) == (1, False)
    assert house.states == ["delivered"] * 3


def test_parked_messages_of_another_class_stay(house: House) -> None:
    assert redrive(house, 10, message_class=MessageClass.BULK).count == 0
    assert house.states == ["parked"] * 3


def test_who_let_a_message_go_again_is_in_the_audit_trail(house: House) -> None:
    resend(house, house.messages[0]["_id"])

    rows = house.store.documents("audit_entries")
    assert (rows[-1]["actor_id"], rows[-1]["patient_id"]) == ("boss", "p-1")


def test_a_confirmation_that_got_stuck_is_not_found_and_sent_tomorrow() -> None:
    """clinical.md 6.4: within five minutes or not at all."""
    house = House(attempts=2, retry_first_seconds=1)
    house.texter.failure = AWAY
    house.notify.inbound.take(house.call(), InboundText("twilio", "sms-1", NUMBER, "STOP"))
    house.time_passes()
    house.time_passes(seconds=5)
    (message,) = house.messages

    assert (message["state"], message["reason"]) == ("failed_final", "ATTEMPTS_EXHAUSTED")
    with pytest.raises(FailedPrecondition) as refused:
        resend(house, message["_id"])
    assert refused.value.reason == "MESSAGE_PERISHED"


def test_a_wording_is_shown_with_sample_values() -> None:
    house = House()
    shown = house.notify.queries.preview(house.call(), PreviewMessage("page", 0))

    assert shown.template.version == 3
    assert "https://messages.example/" in shown.body
    assert "$" not in shown.body


def test_an_older_version_can_be_shown() -> None:
    house = House()
    shown = house.notify.queries.preview(house.call(), PreviewMessage("page", 1))

    assert "https://" not in shown.body


def test_a_wording_is_shown_as_each_channel_has_it_in_each_language() -> None:
    house = House()
    asked = PreviewMessage("nudge", 0, Channel.SMS, Language.SPANISH)

    shown = house.notify.queries.preview(house.call(), asked)
    assert (shown.subject, shown.body[:20]) == ("", "Tiene un mensaje nue")


def test_a_wording_that_is_no_mail_is_shown_as_what_it_is() -> None:
    house = House()

    shown = house.notify.queries.preview(house.call(), PreviewMessage("stopped", 0))
    assert shown.body.startswith("You will get no more text messages")


@pytest.mark.parametrize(
    "asked",
    [
        PreviewMessage("nothing", 0),
        PreviewMessage("page", 99),
        PreviewMessage("stopped", 0, Channel.VOICE),
    ],
)
def test_a_wording_that_does_not_exist_is_not_found(asked: Any) -> None:
    house = House()

    with pytest.raises(NotFound):
        house.notify.queries.preview(house.call(), asked)
