"""A text that no rule understood is read by a human in time, or somebody is woken."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.notify.v1 import events_pb2 as notify_pb2

from chassis.call import Role
from chassis.errors import InvalidArgument
from services.crisis.codec import aftercare_answers, answers
from services.crisis.domain.aftercare_commands import ListFollowUps
from services.crisis.domain.commands import IdentifyPatient, RevealPack
from services.crisis.domain.follow_up import FollowUp, Kind, Outcome, OwnerRole, State
from tests.unit.crisis.builders import after
from tests.unit.crisis.house import House, sealed


@pytest.fixture
def house() -> House:
    return House().staffed()


def a_text(house: House, **changes: Any) -> None:
    """Notify has a text that says nothing to any rule."""
    values = {
        "inbound_review_id": "v-1",
        "inbound_id": "t-1",
        "patient_id": "p-1",
        "sender_key": "k-1",
        "sender_ciphertext": sealed("a number"),
    }
    event = notify_pb2.InboundReviewRequested(**{**values, **changes})
    event.receive_time.FromDatetime(house.clock.now())
    house.hear(event)


def to_read(house: House) -> FollowUp:
    return house.follow_up(Kind.READ_TEXT)


def test_a_text_that_no_rule_understood_has_an_owner_and_an_hour(house: House) -> None:
    a_text(house)

    found = to_read(house)
    assert (found.owner.role, found.due_time) == (OwnerRole.CLINICIAN, after(hours=1))
    assert found.escalate_time == found.due_time
    assert house.woken == []


def test_clinicians_find_the_text_in_their_list(house: House) -> None:
    a_text(house)
    asked = ListFollowUps("p-1", None, None, with_closed=False, page_size=0, page_token="")
    page = house.crisis.care.follow_up_queries.page(house.call("dr-one"), asked)

    (shown,) = aftercare_answers.list_follow_ups(page).follow_ups
    assert (shown.patient_id, shown.inbound_id) == ("p-1", "t-1")
    assert "a number" not in str(shown)


def test_the_same_text_again_changes_nothing(house: House) -> None:
    for _ in range(3):
        a_text(house)

    assert len(house.follow_ups(Kind.READ_TEXT)) == 1


def test_each_of_several_texts_is_read(house: House) -> None:
    a_text(house)
    a_text(house, inbound_review_id="v-2", inbound_id="t-2")

    assert len(house.follow_ups(Kind.READ_TEXT)) == 2


def test_read_in_time_it_wakes_nobody(house: House) -> None:
    a_text(house)
    house.complete(to_read(house), Outcome.REVIEWED)
    house.time_passes(hours=48)

    assert (house.cases, to_read(house).state) == ([], State.DONE)


def test_not_read_in_time_it_opens_a_case_of_low_severity_about_the_text(house: House) -> None:
    a_text(house)
    house.time_passes(hours=1)

    (case,) = house.cases
    assert (case["patient_id"], case["severity"]) == ("p-1", "low")
    assert (case["source"], house.woken) == ("inbound_text", ["dr-one"])
    assert to_read(house).state is State.MISSED
    assert len(house.store.emitted(events_pb2.FollowUpMissed)) == 1


def test_whoever_answers_the_case_finds_the_text_in_its_timeline(house: House) -> None:
    a_text(house)
    house.time_passes(hours=1)
    case, acts = house.crisis.case_queries.get(house.call("dr-one"), house.only_case())

    shown = answers.get_case((case, acts))
    assert [act.inbound_id for act in shown.acts if act.inbound_id] == ["t-1"]


def test_a_text_whose_words_worry_a_clinician_opens_a_case_at_once(house: House) -> None:
    a_text(house)
    house.complete(to_read(house), Outcome.RISK_HIGHER)

    (case,) = house.cases
    assert (case["severity"], house.woken) == ("moderate", ["dr-one"])


def test_a_strangers_text_that_is_not_read_is_a_case_about_nobody_yet(house: House) -> None:
    a_text(house, patient_id="")
    a_text(house, patient_id="", inbound_review_id="v-2", inbound_id="t-2")
    house.time_passes(hours=1)

    (case,) = house.cases
    assert (case["patient_id"], case["sender_key"]) == ("", "k-1")
    command = RevealPack(case["_id"], "emergency_response")
    pack = house.crisis.pack_queries.reveal(house.call("dr-one"), command)
    assert pack.sender_number == "a number"


def test_a_stranger_whose_text_worries_a_clinician_can_be_found(house: House) -> None:
    a_text(house, patient_id="")
    house.complete(to_read(house), Outcome.RISK_HIGHER)

    case = house.crisis.cases.identify(
        house.call("dr-one"), IdentifyPatient(house.only_case(), "p-1")
    )
    assert case.patient_id == "p-1"


def test_a_text_that_is_never_read_ends_with_the_supervisors_and_stays_open(house: House) -> None:
    a_text(house)
    for hours in (1, 24, 24):
        house.time_passes(hours=hours)

    found = to_read(house)
    assert (found.owner.role, found.is_open) == (OwnerRole.SUPERVISOR, True)
    house.complete(found, Outcome.REVIEWED, "boss", Role.SUPERVISOR)


def test_a_text_joins_the_case_that_its_patient_has(house: House) -> None:
    house.risk("p-1")
    a_text(house)
    house.time_passes(hours=1)

    assert len(house.cases) == 1
    assert house.cases[0]["severity"] == "high"


def test_an_outcome_of_another_kind_closes_nothing(house: House) -> None:
    a_text(house)
    with pytest.raises(InvalidArgument) as refused:
        house.complete(to_read(house), Outcome.RISK_LOWER)

    assert refused.value.reason == "OUTCOME_NOT_ALLOWED"


@pytest.mark.parametrize("name", ["inbound_review_id", "inbound_id"])
def test_a_text_without_its_key_is_parked_and_alarms(house: House, name: str) -> None:
    with pytest.raises(InvalidArgument):
        a_text(house, **{name: ""})
