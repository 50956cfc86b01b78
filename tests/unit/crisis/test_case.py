"""A person in danger is never dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import FailedPrecondition
from services.crisis.domain.events import (
    CaseAcknowledged,
    CaseContacted,
    CaseEscalated,
    CaseOpened,
    CaseResolved,
)
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity
from services.crisis.domain.timeline import ActKind
from tests.unit.crisis.builders import (
    CONTACT_WITHIN,
    NOON,
    WAIT,
    a_case,
    a_cover,
    a_policy,
    a_rotation,
    acknowledged,
    after,
    climbed,
    contacted,
    joined,
    kinds,
    pages,
    person,
    rotation_target,
    rung,
    woken,
)


def test_a_signal_pages_the_first_rung_at_once() -> None:
    case = a_case()

    assert woken(case) == ["dr-one"]
    assert case.next_deadline == NOON + WAIT


def test_the_others_are_told_that_a_case_is_open() -> None:
    opened = [event for event in a_case().events if isinstance(event, CaseOpened)]

    assert [event.safety_signal_id for event in opened] == ["fact-1"]


def test_nobody_answers_so_the_next_person_is_woken() -> None:
    case = climbed(a_case(), after(seconds=30))

    assert woken(case) == ["dr-one", "dr-two"]
    assert case.next_deadline == after(seconds=60)


def test_the_last_rung_is_woken_again_and_again_without_end() -> None:
    case = a_case()
    for minute in range(1, 100):
        climbed(case, after(minutes=minute))

    assert woken(case)[2:] == ["supervisor-pool"] * 98
    assert case.next_deadline == after(minutes=99) + WAIT


def test_every_page_has_its_own_key() -> None:
    case = a_case()
    for minute in range(1, 50):
        climbed(case, after(minutes=minute))

    keys = [page.page_id for page in pages(case)]
    assert len(set(keys)) == len(keys)


def test_the_same_step_gives_the_same_page_key_however_often_it_is_computed() -> None:
    assert [page.page_id for page in pages(a_case())] == [page.page_id for page in pages(a_case())]


def test_two_names_for_one_person_wake_that_person_once() -> None:
    policy = a_policy(rung(rotation_target("on-call"), person("dr-one"), person("dr-two")))

    assert woken(a_case(policy=policy)) == ["dr-one", "dr-two"]


def test_a_rung_whose_rotation_does_not_exist_wakes_the_supervisors() -> None:
    case = a_case(policy=a_policy(rung(rotation_target("nobody-made-this"))))

    assert woken(case) == ["supervisor-pool"]
    assert ActKind.COVER_MISSED in kinds(case)


def test_the_people_of_a_rung_are_those_on_call_when_it_fires_not_when_the_case_opened() -> None:
    case = a_case()
    handed_over = a_cover(a_rotation("on-call", "dr-one"), a_rotation("back-up", "dr-night"))

    case.climb(handed_over, after(seconds=30))

    assert woken(case) == ["dr-one", "dr-night"]


def test_an_acknowledgement_holds_until_the_contact_deadline() -> None:
    case = acknowledged()

    assert case.state is State.ACKNOWLEDGED
    assert case.contact_deadline == case.next_deadline == after(seconds=10) + CONTACT_WITHIN


def test_an_acknowledgement_names_the_role_that_the_patient_may_be_told() -> None:
    event = next(event for event in acknowledged().events if isinstance(event, CaseAcknowledged))

    assert (event.owner_id, event.owner_role) == ("dr-one", "clinician")


def test_without_contact_an_acknowledged_case_climbs_again() -> None:
    case = climbed(acknowledged(), after(seconds=310))

    assert case.state is State.OPEN
    assert case.owner_id == ""
    assert woken(case) == ["dr-one", "dr-two"]
    assert kinds(case)[-3:] == [ActKind.ACKNOWLEDGEMENT_LAPSED, ActKind.ESCALATED, ActKind.PAGED]


def test_the_lapse_is_told_to_whoever_tells_the_patient() -> None:
    case = climbed(acknowledged(), after(seconds=310))

    assert [event.rung for event in case.events if isinstance(event, CaseEscalated)] == [1]


def test_acknowledging_twice_gives_no_more_time() -> None:
    case = acknowledged()
    case.acknowledge("dr-one", "clinician", after(minutes=4))

    assert case.contact_deadline == after(seconds=10) + CONTACT_WITHIN


def test_a_second_clinician_is_told_that_somebody_has_it() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        acknowledged().acknowledge("dr-two", "clinician", after(seconds=11))

    assert refused.value.reason == "CASE_ALREADY_ACKNOWLEDGED"


def test_after_a_lapse_another_clinician_can_take_it() -> None:
    case = climbed(acknowledged(), after(seconds=310))
    case.acknowledge("dr-two", "clinician", after(seconds=315))

    assert case.owner_id == "dr-two"


def test_contact_stops_the_climbing_and_asks_for_a_resolution_within_a_day() -> None:
    case = contacted()

    assert case.next_deadline == after(minutes=2, hours=24)
    assert [event.contact_time for event in case.events if isinstance(event, CaseContacted)] == [
        after(minutes=2)
    ]


def test_contact_before_anybody_has_the_case_is_refused() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_case().record_contact("dr-one", "phone", NOON)

    assert refused.value.reason == "CASE_NOT_ACKNOWLEDGED"


def test_a_colleague_may_have_the_contact() -> None:
    case = acknowledged()
    case.record_contact("dr-two", "in_person", after(minutes=1))

    assert (case.owner_id, case.contacted_by) == ("dr-one", "dr-two")


def test_a_missing_resolution_wakes_the_last_rung_again_and_again() -> None:
    case = contacted()
    climbed(case, after(hours=25))
    climbed(case, after(hours=26))

    assert woken(case)[1:] == ["supervisor-pool", "supervisor-pool"]
    assert case.state is State.CONTACTED
    assert case.next_deadline == after(hours=27)


def test_a_case_cannot_be_resolved_before_contact() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        acknowledged().resolve("dr-two", "mobile_crisis", after(minutes=1))

    assert refused.value.reason == "CONTACT_NOT_RECORDED"


def test_a_case_of_high_severity_needs_a_second_person_to_resolve_it() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        contacted().resolve("dr-one", "mobile_crisis", after(minutes=9))

    assert refused.value.reason == "SECOND_PERSON_REQUIRED"


def test_whoever_had_the_contact_is_not_the_second_person() -> None:
    case = acknowledged()
    case.record_contact("dr-two", "phone", after(minutes=1))

    with pytest.raises(FailedPrecondition):
        case.resolve("dr-two", "mobile_crisis", after(minutes=9))


def test_the_owner_of_a_moderate_case_resolves_it_alone() -> None:
    case = contacted(Severity.MODERATE)
    case.resolve("dr-one", "safety_plan_with_supports", after(minutes=9))

    assert case.state is State.RESOLVED


def test_a_resolved_case_waits_for_nothing_and_says_how_it_ended() -> None:
    case = contacted()
    case.resolve("dr-two", "mobile_crisis", after(minutes=9))

    assert case.next_deadline is None
    assert [event.disposition for event in case.events if isinstance(event, CaseResolved)] == [
        "mobile_crisis"
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda case: case.acknowledge("dr-two", "clinician", NOON),
        lambda case: case.record_contact("dr-two", "phone", NOON),
        lambda case: case.resolve("dr-two", "mobile_crisis", NOON),
        lambda case: case.climb(a_cover(), NOON),
        lambda case: joined(case, Severity.HIGH, NOON),
    ],
    ids=["acknowledge", "contact", "resolve", "climb", "join"],
)
def test_nothing_happens_to_a_resolved_case(act: Any) -> None:
    case = contacted()
    case.resolve("dr-two", "mobile_crisis", after(minutes=9))

    with pytest.raises(FailedPrecondition) as refused:
        act(case)

    assert refused.value.reason == "CASE_RESOLVED"


def test_a_delivered_page_is_no_acknowledgement() -> None:
    case = a_case()
    case.note_page_delivered(pages(case)[0].page_id, "dr-one", after(seconds=1))

    assert (case.state, case.next_deadline) == (State.OPEN, NOON + WAIT)


def test_a_page_outlives_its_rung_but_not_for_ever() -> None:
    assert pages(a_case())[0].expire_time == NOON + timedelta(minutes=5)


def test_the_timeline_numbers_every_act_and_names_its_actor() -> None:
    case = contacted()
    lines = case.timeline.drain()

    assert [number for number, _ in lines] == list(range(1, len(lines) + 1))
    assert [(act.kind, act.actor_id) for _, act in lines] == [
        (ActKind.OPENED, "service:sessions"),
        (ActKind.PAGED, "service:crisis"),
        (ActKind.ACKNOWLEDGED, "dr-one"),
        (ActKind.CONTACTED, "dr-one"),
    ]
