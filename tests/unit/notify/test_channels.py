"""A page goes through its person's channels until it is answered, or nothing is left."""

from __future__ import annotations

from typing import Any

import pytest
from haven.notify.v1 import resources_pb2

from chassis.call import system_call
from chassis.errors import FailedPrecondition, NotFound, Unavailable
from services.notify.codec import answers
from services.notify.domain.attempt import Receipt
from services.notify.domain.commands import NoteReceipt
from services.notify.domain.message import Channel
from tests.unit.notify.house import TENANT, House

MAIL, TEXT, CALL, PUSH = Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.PUSH
AWAY = Unavailable("PROVIDER_UNREACHABLE", "away")
REFUSED = FailedPrecondition("PROVIDER_REFUSED", "no")


@pytest.fixture
def house() -> House:
    """Dr. One has mail first, then texts, then calls."""
    return House().reached_by(MAIL, TEXT, CALL)


def report(house: House, reference: str, receipt: Any = Receipt.DELIVERED) -> None:
    """A provider calls back; then whatever is due is done."""
    call = system_call(TENANT, service="notify", action="callback.status")
    house.notify.receipts.note(call, NoteReceipt(reference, receipt))
    house.time_passes()


def test_a_page_goes_first_where_its_person_wants_it_first() -> None:
    house = House().reached_by(CALL, MAIL)
    house.page()
    house.time_passes()

    assert house.ways == ["voice"]


def test_without_a_wish_the_channel_that_wakes_fastest_comes_first() -> None:
    house = House()
    for channel, address in ((MAIL, "lee@staff.example"), (TEXT, "+15555550142")):
        house.register("dr-one", address, channel=channel)
    house.page()
    house.time_passes()

    assert house.ways == ["sms"]


def test_taken_and_not_answered_is_not_enough(house: House) -> None:
    house.page()
    house.time_passes()
    assert (house.ways, house.states) == (["email"], ["handed_over"])

    house.time_passes(seconds=14)
    assert house.ways == ["email"]
    house.time_passes(seconds=1)
    assert house.ways == ["email", "sms"]
    report(house, "sms-one-1")
    house.time_passes(seconds=15)
    assert house.ways == ["email", "sms", "voice"]


def test_a_case_in_hand_ends_the_page_and_nothing_more_goes_out(house: House) -> None:
    house.page(version=2)
    house.time_passes()
    house.acknowledged(version=3)
    house.time_passes(seconds=15)
    house.time_passes(minutes=1)

    assert (house.ways, house.states) == (["email"], ["delivered"])


def test_a_channel_that_refuses_is_followed_by_the_next_one_at_once(house: House) -> None:
    house.silence(MAIL, failure=REFUSED)
    house.page()
    house.time_passes()
    house.time_passes()

    assert house.ways == ["sms"]
    assert house.failed == []


def test_a_channel_that_is_away_is_followed_at_once_and_tried_again_later(house: House) -> None:
    house.silence(MAIL, failure=AWAY)
    house.page()
    house.time_passes()
    house.time_passes()
    assert house.ways == ["sms"]

    house.providers[MAIL].failure = None
    house.time_passes(seconds=1)
    assert house.ways == ["sms", "email"]


def test_only_when_no_channel_can_carry_it_does_crisis_hear_of_a_failure(house: House) -> None:
    house.silence(MAIL, TEXT, failure=REFUSED)
    page_id = house.page()
    house.time_passes()
    house.time_passes()
    assert house.failed == []

    house.silence(CALL, failure=REFUSED)
    house.time_passes()
    assert [(told.page_id, told.reason) for told in house.failed] == [(page_id, "PROVIDER_REFUSED")]
    assert house.states == ["failed_final"]


def test_crisis_hears_of_each_channel_that_took_a_page(house: House) -> None:
    house.page()
    house.time_passes()
    house.time_passes(seconds=15)

    assert [told.channel for told in house.delivered] == ["email", "sms"]


def test_a_page_that_was_handed_over_and_never_answered_is_delivered_when_its_time_is_over() -> (
    None
):
    house = House(channel_step_seconds=1_000).reached_by(MAIL, TEXT)
    house.page()
    house.time_passes()
    house.time_passes(minutes=5)

    assert (house.ways, house.states) == (["email"], ["delivered"])


def test_every_channel_is_given_the_same_key(house: House) -> None:
    house.page()
    house.time_passes()
    house.time_passes(seconds=15)

    keys = {each.message_id for channel in Channel for each in house.providers[channel].taken}
    assert keys == {house.messages[0]["_id"]}


def test_a_page_for_somebody_with_no_channel_of_this_deployment_says_so() -> None:
    house = House().reached_by(PUSH)
    del house.providers[PUSH]
    house.page()
    house.time_passes()

    assert [told.reason for told in house.failed] == ["CHANNEL_NOT_SERVED"]


def test_a_channel_that_is_added_while_a_page_is_on_its_way_is_used() -> None:
    house = House().reached_by(TEXT)
    house.page()
    house.time_passes()
    house.register("dr-one", "lee@staff.example")
    house.time_passes(seconds=15)

    assert "email" in house.ways


def test_only_a_mail_holds_a_link(house: House) -> None:
    house.page()
    house.time_passes()
    house.time_passes(seconds=15)

    (mail,), (text,) = house.providers[MAIL].taken, house.providers[TEXT].taken
    assert "https://messages.example/a/" in mail.body
    assert "https://" not in text.body
    assert mail.is_answerable
    assert text.is_answerable


def test_a_text_that_did_not_arrive_is_followed_by_the_next_channel_at_once() -> None:
    house = House().reached_by(TEXT, CALL)
    house.page()
    house.time_passes()
    report(house, "sms-one-1", Receipt.UNDELIVERED)

    assert house.ways == ["sms", "voice"]


def test_a_text_that_is_taken_and_never_arrives_is_a_miss() -> None:
    house = House().reached_by(TEXT)
    house.page()
    house.time_passes()
    house.time_passes(seconds=15)
    assert house.ways == ["sms", "sms"]
    assert house.providers[TEXT].taken[1].silent_providers == frozenset({"sms-one"})

    house.time_passes(seconds=15)
    assert [told.reason for told in house.failed] == ["RECEIPT_MISSING"]


def test_a_call_has_the_time_to_ring() -> None:
    house = House().reached_by(CALL)
    house.page()
    house.time_passes()
    house.time_passes(seconds=60)

    assert (house.ways, house.failed) == (["voice"], [])


def test_a_text_that_arrived_is_the_end_of_a_page_that_has_no_other_way() -> None:
    house = House().reached_by(TEXT)
    house.page()
    house.time_passes()
    report(house, "sms-one-1")
    report(house, "sms-one-1")

    assert house.states == ["delivered"]


def test_a_report_after_the_end_is_kept_and_changes_nothing_else() -> None:
    house = House().reached_by(TEXT)
    house.page(version=2)
    house.time_passes()
    house.acknowledged(version=3)
    house.time_passes(seconds=15)
    report(house, "sms-one-1", Receipt.UNDELIVERED)

    (message,) = house.messages
    assert message["state"] == "delivered"
    assert message["attempts"][0]["receipt"] == "undelivered"


def test_a_report_about_nothing_of_ours_is_counted_and_stored_nowhere(house: House) -> None:
    with pytest.raises(NotFound):
        report(house, "somebody-elses")

    assert house.messages == []


def test_a_report_about_another_tenants_message_is_about_nothing_of_ours() -> None:
    house = House().reached_by(TEXT)
    house.page()
    house.time_passes()
    call = system_call("harbor", service="notify", action="callback.status")

    with pytest.raises(NotFound):
        house.notify.receipts.note(call, NoteReceipt("sms-one-1", Receipt.DELIVERED))


def test_a_report_may_name_its_message_before_its_provider_has_named_itself(house: House) -> None:
    house.page()
    message_id = house.messages[0]["_id"]
    call = system_call(TENANT, service="notify", action="callback.status")
    house.notify.receipts.note(call, NoteReceipt("SM-9", Receipt.DELIVERED, message_id))

    assert house.messages[0]["attempts"] == []


def test_a_word_from_underway_decides_nothing(house: House) -> None:
    report(house, "anything", Receipt.NONE)

    assert house.messages == []


def test_the_history_of_a_page_shows_who_took_it_and_what_became_of_it(house: House) -> None:
    house.silence(MAIL, failure=REFUSED)
    house.page()
    house.time_passes()
    house.time_passes()
    report(house, "sms-one-1")
    message = house.notify.queries.message(house.call(), house.messages[0]["_id"])
    told = answers.get_message(message).message

    assert told.state == resources_pb2.MESSAGE_STATE_HANDED_OVER
    mail, text = told.attempts
    assert (mail.reason, mail.provider) == ("PROVIDER_REFUSED", "")
    assert (text.provider, text.provider_reference) == ("sms-one", "sms-one-1")
    assert text.receipt == resources_pb2.RECEIPT_STATE_DELIVERED
    assert text.HasField("receipt_time")


def test_a_page_asked_for_a_hundred_times_goes_once_by_each_channel(house: House) -> None:
    page_id = house.page()
    for _ in range(99):
        house.page(page_id=page_id)
    house.time_passes()
    for reference in ("sms-one-1", "voice-one-1"):
        house.time_passes(seconds=15)
        report(house, reference)
    for _ in range(20):
        house.time_passes(seconds=10)

    assert len(house.messages) == 1
    assert [len(house.providers[each].taken) for each in (MAIL, TEXT, CALL)] == [1, 1, 1]
    assert house.states == ["delivered"]
