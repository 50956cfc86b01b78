"""Pages reach people; what is no longer wanted does not go; what fails is told."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.errors import FailedPrecondition, InvalidArgument, Unavailable
from chassis.store import AlreadyDone
from services.notify.codec.documents import DUE_FIELDS
from services.notify.domain.message import Channel, MessageClass
from services.notify.store import INDEXES, MESSAGES
from services.notify.timers import due_work
from tests.unit.notify.builders import NOON, after
from tests.unit.notify.house import House

AWAY = Unavailable("PROVIDER_UNREACHABLE", "away")
REFUSED = FailedPrecondition("PROVIDER_REFUSED", "no")


@pytest.fixture
def house() -> House:
    return House().reachable("dr-one", "dr-two")


def test_a_page_reaches_its_person(house: House) -> None:
    house.page()
    house.time_passes()

    assert house.reached == ["dr-one@staff.example"]
    assert house.states == ["delivered"]


def test_crisis_hears_that_a_page_was_handed_over(house: House) -> None:
    page_id = house.page()
    house.time_passes()

    assert [(told.page_id, told.channel) for told in house.delivered] == [(page_id, "email")]


def test_a_page_asked_for_a_hundred_times_is_sent_once(house: House) -> None:
    page_id = house.page()
    for _ in range(99):
        house.page(page_id=page_id)
    house.time_passes()

    assert len(house.provider.taken) == 1


def test_one_event_has_one_effect_by_both_its_ways(house: House) -> None:
    house.page(event_id="e-1", page_id="page-1")

    with pytest.raises(AlreadyDone):
        house.page(event_id="e-1", page_id="page-1")


def test_the_same_page_id_in_two_tenants_is_two_messages(house: House) -> None:
    house.page(page_id="page-1")
    house.page(page_id="page-1", tenant_id="harbor")

    assert len(house.messages) == 2


def test_a_delivered_page_is_not_sent_again(house: House) -> None:
    house.page()
    house.time_passes()
    house.time_passes(minutes=1)

    assert len(house.provider.taken) == 1


def test_a_page_without_an_address_fails_at_once_and_crisis_hears_why(house: House) -> None:
    page_id = house.page("dr-nowhere")
    house.time_passes()

    assert house.states == ["failed_final"]
    assert [(told.page_id, told.reason) for told in house.failed] == [
        (page_id, "CONTACT_POINT_MISSING")
    ]


def test_crisis_hears_of_a_page_that_cannot_arrive_as_urgently_as_it_asked_for_it(
    house: House,
) -> None:
    house.page("dr-nowhere")
    house.time_passes()

    (row,) = house.store.outbox()
    assert (row.message_class, row.awaiting) == ("crisis", ("crisis",))


def test_of_a_message_that_is_no_page_and_cannot_arrive_crisis_hears_nothing(house: House) -> None:
    house.patient_contact("ana@mail.example\r\nBcc: all@mail.example")
    house.absence()
    house.time_passes()

    assert house.states == ["failed_final"]
    assert house.store.outbox() == []


def test_an_address_that_was_changed_is_used_from_then_on(house: House) -> None:
    house.register("dr-one", "new@staff.example")
    house.page()
    house.time_passes()

    assert house.reached == ["new@staff.example"]


def test_a_page_of_a_case_that_somebody_took_meanwhile_is_withdrawn(house: House) -> None:
    house.page(version=2)
    house.acknowledged(version=3)
    house.time_passes()

    assert (house.reached, house.states) == ([], ["withdrawn"])
    assert house.failed == []


def test_an_acknowledgement_that_overtakes_its_page_still_withdraws_it(house: House) -> None:
    house.acknowledged(version=3)
    house.page(version=2)
    house.time_passes()

    assert house.states == ["withdrawn"]


def test_a_page_asked_for_after_the_acknowledgement_lapsed_is_sent(house: House) -> None:
    house.acknowledged(version=3)
    house.page("dr-two", version=4)
    house.time_passes()

    assert house.reached == ["dr-two@staff.example"]


def test_a_page_whose_shift_is_over_is_withdrawn_for_the_new_shifts(house: House) -> None:
    old = house.page("dr-one", version=2)
    house.page("dr-two", version=3, replaced=[(old, "dr-one")])
    house.time_passes()

    assert house.reached == ["dr-two@staff.example"]
    assert sorted(house.states) == ["delivered", "withdrawn"]
    assert house.failed == []


def test_a_page_whose_shift_is_over_takes_no_further_channel(house: House) -> None:
    house.register("dr-one", "+15555550142", channel=Channel.SMS)  # before mail
    old = house.page("dr-one", version=2)
    house.time_passes()
    house.page("dr-two", version=3, replaced=[(old, "dr-one")])
    for _ in range(10):
        house.time_passes(seconds=30)

    assert (len(house.texter.taken), house.reached) == (1, ["dr-two@staff.example"])
    assert house.states == ["delivered", "delivered"]


def test_the_page_of_a_new_shift_that_overtakes_the_old_ones_still_withdraws_it(
    house: House,
) -> None:
    house.page("dr-two", version=3, replaced=[("0d5b1f6e-8f0e-4a51-9d1b-0f2f4f6a7c11", "dr-one")])
    house.page("dr-one", version=2, page_id="0d5b1f6e-8f0e-4a51-9d1b-0f2f4f6a7c11")
    house.time_passes()

    assert house.reached == ["dr-two@staff.example"]
    assert sorted(house.states) == ["delivered", "withdrawn"]


def test_an_old_shifts_page_that_has_ended_is_left_as_it_is(house: House) -> None:
    old = house.page("dr-one", version=2)
    house.time_passes()
    house.page("dr-two", version=3, replaced=[(old, "dr-one")])
    house.time_passes()

    assert house.states == ["delivered", "delivered"]


def test_another_cases_acknowledgement_concerns_nobody_here(house: House) -> None:
    house.page(case_id="c-1", version=2)
    house.acknowledged("c-2", version=9)
    house.time_passes()

    assert house.states == ["delivered"]


def test_a_page_is_tried_again_while_the_provider_is_away(house: House) -> None:
    house.provider.failure = AWAY
    house.page()
    house.time_passes()
    house.time_passes(seconds=0.5)
    house.provider.failure = None
    house.time_passes(seconds=1)

    assert house.provider.asked == 3
    assert house.states == ["delivered"]


def test_every_attempt_at_a_page_carries_the_same_id(house: House) -> None:
    house.provider.failure = AWAY
    house.page()
    house.time_passes()
    house.provider.failure = None
    house.time_passes(seconds=5)

    (mail,) = house.provider.taken
    assert mail.message_id == house.messages[0]["_id"]


def test_a_page_acknowledged_between_two_attempts_is_withdrawn(house: House) -> None:
    house.provider.failure = AWAY
    house.page(version=2)
    house.time_passes()
    house.acknowledged(version=3)
    house.provider.failure = None
    house.time_passes(seconds=5)

    assert (house.reached, house.states) == ([], ["withdrawn"])


def test_a_page_that_cannot_be_handed_over_in_its_time_expires_and_crisis_hears_of_it(
    house: House,
) -> None:
    house.provider.failure = AWAY
    house.page()
    for _ in range(70):
        house.time_passes(seconds=5)

    assert house.states == ["failed_final"]
    assert [told.reason for told in house.failed] == ["EXPIRED"]


def test_a_refusal_for_good_is_told_at_once(house: House) -> None:
    house.provider.failure = REFUSED
    house.page()
    house.time_passes()

    assert [told.reason for told in house.failed] == ["PROVIDER_REFUSED"]


def test_a_relay_that_dies_after_claiming_leaves_the_page_to_another(house: House) -> None:
    class Killed(BaseException):
        pass

    house.page()
    house.provider.send = lambda _: (_ for _ in ()).throw(Killed())
    with pytest.raises(Killed):
        house.time_passes()
    del house.provider.send

    assert house.states == ["sending"]
    house.time_passes(seconds=7)
    assert house.states == ["delivered"]


def test_a_patient_who_did_not_come_is_reminded(house: House) -> None:
    house.patient_contact("ana@mail.example")
    house.absence()
    house.time_passes()

    assert house.reached == ["ana@mail.example"]


def test_a_patient_is_reminded_once_per_session(house: House) -> None:
    house.patient_contact("ana@mail.example")
    for _ in range(3):
        house.absence("s-1")
    house.absence("s-2")
    house.time_passes()

    assert len(house.reached) == 2


def test_a_patient_who_wants_no_messages_gets_none(house: House) -> None:
    house.patient_contact("ana@mail.example")
    house.absence()
    house.revoked("messaging")
    house.time_passes()

    assert (house.reached, house.states) == ([], ["withdrawn"])


def test_taking_back_another_consent_does_not_stop_messages(house: House) -> None:
    house.patient_contact("ana@mail.example")
    house.revoked("group_participation")
    house.absence()
    house.time_passes()

    assert house.reached == ["ana@mail.example"]


def test_a_nudge_waits_for_a_contact_that_is_still_on_its_way(house: House) -> None:
    house.absence()
    house.time_passes()
    house.patient_contact("ana@mail.example")
    house.time_passes(seconds=5)

    assert house.reached == ["ana@mail.example"]


def test_an_older_contact_does_not_replace_a_newer_one(house: House) -> None:
    house.patient_contact("new@mail.example", version=7)
    house.patient_contact("old@mail.example", version=6)
    house.absence()
    house.time_passes()

    assert house.reached == ["new@mail.example"]


def test_an_address_that_would_break_a_mails_head_is_not_used(house: House) -> None:
    house.patient_contact("ana@mail.example\r\nBcc: all@mail.example")
    house.absence()
    house.time_passes()

    (message,) = house.messages
    assert (message["state"], message["reason"]) == ("failed_final", "CONTACT_POINT_INVALID")
    assert house.reached == []


def test_a_nudge_that_comes_too_late_to_help_is_not_sent(house: House) -> None:
    house.absence()
    house.time_passes(minutes=31)

    assert house.states == ["failed_final"]
    assert house.failed == []


def test_a_page_and_a_nudge_do_not_wait_in_the_same_line(house: House) -> None:
    house.page()
    house.absence()

    page, nudge = house.messages
    assert (page["crisis_attempt_time"], page["clinical_attempt_time"]) == (NOON, None)
    assert (nudge["crisis_attempt_time"], nudge["clinical_attempt_time"]) == (None, NOON)


def test_every_class_has_a_line_and_an_index_of_its_own(house: House) -> None:
    lines = {work.field: work.name for work in due_work(house.notify)}

    assert {lines[DUE_FIELDS[each]] for each in MessageClass} == {
        "crisis-messages", "clinical-messages", "schedule-messages", "bulk-messages"
    }  # fmt: skip
    indexed = {index.keys[0][0] for index in INDEXES if index.collection == MESSAGES}
    assert indexed >= {*DUE_FIELDS.values(), "other_attempt_time"}


def test_a_message_under_way_from_the_release_before_is_sent_and_leaves_the_old_line(
    house: House,
) -> None:
    house.patient_contact("ana@mail.example")
    house.absence()
    (row,) = house.store.engine.tables[MESSAGES].values()
    row["other_attempt_time"] = row["next_attempt_time"]
    for field in DUE_FIELDS.values():
        if field != "crisis_attempt_time":
            del row[field]
    house.time_passes()

    assert house.reached == ["ana@mail.example"]
    (nudge,) = house.messages
    assert nudge["state"] == "delivered"
    assert "other_attempt_time" not in nudge


def test_an_event_without_its_key_is_parked_instead_of_guessed(house: House) -> None:
    with pytest.raises(InvalidArgument):
        house.page("")


def test_messages_are_counted_when_they_come_and_when_they_end(house: House) -> None:
    accepted, ended = counted("accepted"), counted("delivered", "email")
    house.page()
    house.time_passes()
    house.time_passes(minutes=1)

    assert (counted("accepted"), counted("delivered", "email")) == (accepted + 1, ended + 1)


def test_every_message_is_either_ended_or_due_at_a_known_time(house: House) -> None:
    house.provider.failure = AWAY
    house.page()
    house.page("dr-nowhere")
    house.absence()
    house.time_passes()

    for message in house.messages:
        is_over = message["state"] in {"delivered", "failed_final", "parked", "withdrawn"}
        assert (message["next_attempt_time"] is None) == is_over
        assert is_over or message["next_attempt_time"] > after()


def counted(outcome: Any, channel: Any = "none") -> Any:
    labels = {"class": "crisis", "channel": channel, "outcome": outcome}
    return REGISTRY.get_sample_value("haven_notify_messages_total", labels)
