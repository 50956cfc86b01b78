"""A message meets the gate at the moment of its attempt: it passes, waits with a time, or ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.errors import FailedPrecondition, Unavailable
from chassis.store import Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.hours import Hours
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel
from services.notify.domain.wording import Language
from services.notify.shelves.enclosures import MongoEnclosures
from services.notify.shelves.wishes import MongoWishes
from tests.unit.notify.builders import NOON
from tests.unit.notify.house import NUMBER, TENANT, House

EIGHT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def house() -> House:
    return at_home(House(nudge_lifetime_seconds=86_400))


def at_home(house: House, time_zone: str = "UTC", *, is_proved: bool = True) -> House:
    """p-1 is reached by mail and telephone there."""
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1",
        email_ciphertext=house.cipher.encrypt(TENANT, "ana@mail.example"),
        phone_ciphertext=house.cipher.encrypt(TENANT, "+15555550100"),
        time_zone=time_zone,
    )
    house.hear(event)
    for channel in (Channel.EMAIL, Channel.SMS) if is_proved else ():
        house.prove("p-1", channel)
    return house


def night(house: House) -> House:
    house.clock.advance(timedelta(hours=11))
    return house


def wishes(house: House, **changes: Any) -> None:
    """p-1 says so."""
    book = MongoWishes(house.store)

    def keep(tx: Tx) -> None:
        preferences = book.preferences(tx, Owner("p-1", is_patient=True))
        for name, value in changes.items():
            setattr(preferences, name, value)
        book.keep_preferences(tx, preferences)

    house.store.transact(house.call(), keep)


def by_text(house: House) -> None:
    """Every waiting message is to go by text."""
    shelf = MongoEnclosures()
    text = house.cipher.encrypt(TENANT, "+15555550100")

    def change(tx: Tx) -> None:
        for message in house.messages:
            if shelf.find(tx, message["_id"]) is None:
                enclosure = Enclosure(
                    message_id=message["_id"], channel=Channel.SMS, address_ciphertext=text
                )
                shelf.keep(tx, [enclosure])

    house.store.transact(house.call(), change)


def outcome(house: House) -> tuple[str, str]:
    (message,) = house.messages
    return message["state"], message["reason"]


def test_a_nudge_at_night_waits_for_the_morning(house: House) -> None:
    night(house).absence()
    house.time_passes()

    (message,) = house.messages
    assert (message["state"], message["next_attempt_time"]) == ("accepted", EIGHT)
    house.time_passes(hours=9)
    assert house.reached == ["ana@mail.example"]


def test_a_nudge_that_would_be_too_late_by_morning_is_withdrawn_and_says_why() -> None:
    house = night(at_home(House()))
    house.absence()
    house.time_passes()
    house.time_passes(minutes=31)

    assert outcome(house) == ("withdrawn", "QUIET_HOURS")


def test_a_page_goes_out_at_night_and_says_on_what_ground(house: House) -> None:
    night(house).reachable("dr-one").page()
    house.time_passes()

    (message,) = house.messages
    assert (message["state"], message["basis"]) == ("delivered", "EMERGENCY_PURPOSES")


def test_noon_where_the_patient_lives_is_what_counts() -> None:
    house = at_home(House(nudge_lifetime_seconds=86_400), "Pacific/Guam")  # ten at night there
    house.absence()
    house.time_passes()

    (message,) = house.messages
    assert message["next_attempt_time"] == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


def test_a_patient_whose_zone_nobody_knows_is_written_to_when_it_is_day_everywhere() -> None:
    house = at_home(House(nudge_lifetime_seconds=86_400), "")
    house.absence()
    house.time_passes()

    (message,) = house.messages
    assert message["next_attempt_time"] == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


def test_an_address_that_nobody_proved_gets_no_nudge() -> None:
    house = at_home(House(), is_proved=False)
    house.absence()
    house.time_passes()

    assert outcome(house) == ("withdrawn", "CONTACT_POINT_UNVERIFIED")


def test_an_address_that_changed_must_be_proved_again(house: House) -> None:
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1", email_ciphertext=house.cipher.encrypt(TENANT, "new@mail.example")
    )
    house.hear(event, version=2)
    house.absence()
    house.time_passes()

    assert outcome(house) == ("withdrawn", "CONTACT_POINT_UNVERIFIED")


def test_the_same_address_told_again_stays_proved(house: House) -> None:
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1",
        email_ciphertext=house.cipher.encrypt(TENANT, "Ana@Mail.example"),
        time_zone="UTC",
    )
    house.hear(event, version=2)
    house.absence()
    house.time_passes()

    assert house.reached == ["Ana@Mail.example"]


def test_a_page_needs_no_proof(house: House) -> None:
    house.reachable("dr-one").page()
    house.time_passes()

    assert house.reached == ["dr-one@staff.example"]


def test_own_hours_are_kept(house: House) -> None:
    wishes(house, hours=Hours(17 * 60, 20 * 60))
    house.absence()
    house.time_passes()
    assert house.reached == []

    house.time_passes(hours=5)
    assert house.reached == ["ana@mail.example"]


@pytest.mark.parametrize(
    "wish", [{"stopped": frozenset({Channel.EMAIL})}, {"channels": frozenset({Channel.SMS})}]
)
def test_a_stopped_or_unwanted_channel_is_left_alone_for_the_next_one(
    house: House, wish: Any
) -> None:
    wishes(house, **wish)
    house.absence()
    house.time_passes()

    (message,) = house.messages
    assert (house.ways, message["basis"]) == (["sms"], "HEALTH_CARE_EXEMPTION")


def test_a_nudge_that_no_channel_may_carry_says_why(house: House) -> None:
    wishes(house, stopped=frozenset({Channel.EMAIL, Channel.SMS}))
    house.absence()
    house.time_passes()

    assert outcome(house) == ("withdrawn", "STOPPED")


def test_a_mail_is_enough_and_costs_none_of_the_few_texts_of_a_day(house: House) -> None:
    for session in ("s-1", "s-2"):
        house.absence(session)
    house.time_passes()

    assert house.ways == ["email", "email"]


def test_who_has_no_mail_address_is_written_to_by_text() -> None:
    house = House()
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1",
        phone_ciphertext=house.cipher.encrypt(TENANT, "+15555550100"),
        time_zone="UTC",
    )
    house.hear(event)
    house.prove("p-1", Channel.SMS)
    house.absence()
    house.time_passes()

    assert house.ways == ["sms"]


def test_a_text_that_must_wait_does_not_keep_a_mail_waiting_nor_lose_its_turn(
    house: House,
) -> None:
    house.silence(Channel.EMAIL, failure=FailedPrecondition("ADDRESS_REFUSED", "no"))
    for session in ("s-1", "s-2"):
        house.absence(session)
    house.time_passes()
    house.time_passes()

    waiting = [each["next_attempt_time"] for each in house.messages if each["state"] == "accepted"]
    assert (house.ways, waiting) == (["sms"], [EIGHT])
    house.time_passes(hours=20)
    assert house.ways == ["sms", "sms"]


def test_a_stop_that_comes_after_a_provider_has_the_text_takes_nothing_back(house: House) -> None:
    wishes(house, channels=frozenset({Channel.SMS}))
    house.absence()
    house.time_passes()
    wishes(house, channels=frozenset(), stopped=frozenset({Channel.SMS, Channel.EMAIL}))
    house.time_passes(hours=2)

    assert outcome(house) == ("delivered", "")


def test_who_reads_spanish_is_written_to_in_spanish(house: House) -> None:
    wishes(house, language=Language.SPANISH)
    house.absence()
    house.time_passes()

    assert [mail.subject for mail in house.provider.taken] == ["Tiene un mensaje nuevo"]


def test_a_second_text_of_a_day_waits_for_the_next(house: House) -> None:
    for session in ("s-1", "s-2"):
        house.absence(session)
    by_text(house)
    house.time_passes()

    waiting = [each["next_attempt_time"] for each in house.messages if each["state"] == "accepted"]
    assert (len(house.texter.taken), waiting) == (1, [EIGHT])
    house.time_passes(hours=20)
    assert len(house.texter.taken) == 2


def test_a_text_that_is_tried_again_counts_once(house: House) -> None:
    house.texter.failure = Unavailable("PROVIDER_UNREACHABLE", "away")
    house.absence()
    by_text(house)
    house.time_passes()
    house.texter.failure = None
    house.time_passes(minutes=1)

    assert house.ways == ["sms"]


def test_a_stop_that_comes_while_a_text_waits_stops_it(house: House) -> None:
    night(house).absence()
    by_text(house)
    house.time_passes()
    wishes(house, stopped=frozenset({Channel.SMS}))
    house.time_passes(hours=9)

    assert (outcome(house), house.texter.taken) == (("withdrawn", "STOPPED"), [])


def test_a_missing_value_ends_the_message_and_nothing_is_sent(house: House) -> None:
    house.absence()
    (message,) = house.messages

    def change(tx: Tx) -> None:
        another = {"$set": {"template_id": "code", "template_version": 1}}
        tx.update_one("messages", {"_id": message["_id"]}, another)

    house.store.transact(house.call(), change)
    for _ in range(2):  # by neither of two channels
        house.time_passes()

    assert outcome(house) == ("failed_final", "TEMPLATE_VALUE_MISSING")
    assert (house.reached, house.texter.taken) == ([], [])


def test_every_message_has_one_state_and_a_time_while_it_waits(house: House) -> None:
    night(house).absence()
    house.reachable("dr-one").page()
    house.time_passes()

    for message in house.messages:
        waits = message["state"] in {"accepted", "sending"}
        assert waits == (message["next_attempt_time"] is not None)
        assert not waits or NOON < message["next_attempt_time"] <= message["expire_time"]


def stopped_page(house: House, *channels: Channel) -> House:
    """A page for dr-one, who is reached by these and whose number said stop."""
    house.reached_by(*channels)
    house.notify.inbound.take(house.call(), InboundText("twilio", "sms-1", NUMBER, "STOP"))
    house.page()
    house.time_passes()
    return house


def test_a_page_leaves_a_stopped_number_for_the_next_channel(house: House) -> None:
    stopped_page(house, Channel.SMS, Channel.VOICE, Channel.EMAIL)
    house.time_passes(seconds=15)

    (page,) = [each for each in house.messages if each["is_page"]]
    assert [each["channel"] for each in page["attempts"]] == ["voice", "email"]


def test_a_page_that_has_no_way_but_a_stopped_number_fails_at_once_and_crisis_hears_why(
    house: House,
) -> None:
    stopped_page(house, Channel.SMS)

    assert [told.reason for told in house.failed] == ["STOPPED"]
    assert [each["template_id"] for each in house.messages if each["attempts"]] == ["stopped"]


def test_a_page_that_went_by_text_before_the_stop_goes_on_by_the_other_channels(
    house: House,
) -> None:
    house.reached_by(Channel.SMS, Channel.EMAIL)
    house.page()
    house.time_passes()
    house.notify.inbound.take(house.call(), InboundText("twilio", "sms-1", NUMBER, "STOP"))
    house.time_passes(seconds=15)
    house.time_passes(minutes=5)

    (page,) = [each for each in house.messages if each["is_page"]]
    assert [each["channel"] for each in page["attempts"]] == ["sms", "email"]
    assert (page["state"], house.failed) == ("delivered", [])
