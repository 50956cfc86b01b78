"""People say that they take it, that they cannot, and that others should come."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import FailedPrecondition
from services.crisis.domain.case import Case
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.events import CaseAcknowledged, CaseEscalated
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity
from services.crisis.domain.timeline import ActKind
from tests.unit.crisis.builders import (
    CONTACT_WITHIN,
    WAIT,
    a_case,
    a_cover,
    a_policy,
    acknowledged,
    after,
    climbed,
    contacted,
    joined,
    kinds,
    person,
    rung,
    woken,
)

PAIR = a_policy(
    rung(person("dr-one"), person("dr-two"), acknowledgements=2), rung(person("dr-three"))
)


def told(case: Case) -> list[CaseAcknowledged]:
    return [event for event in case.events if isinstance(event, CaseAcknowledged)]


def refused(reason: str) -> Any:
    return pytest.raises(FailedPrecondition, check=lambda error: error.reason == reason)


def test_where_two_must_take_it_one_is_not_enough() -> None:
    case = a_case(policy=PAIR)
    case.acknowledge("dr-one", "clinician", after(seconds=5))

    assert case.state is State.OPEN
    assert case.next_deadline == after() + WAIT
    assert told(case) == []


def test_where_two_took_it_the_first_has_it_and_the_other_helps() -> None:
    case = a_case(policy=PAIR)
    case.acknowledge("dr-one", "clinician", after(seconds=5))
    case.acknowledge("dr-two", "clinician", after(seconds=8))

    assert case.state is State.ACKNOWLEDGED
    assert (case.owner_id, case.responders.helpers) == ("dr-one", ("dr-two",))
    assert case.contact_deadline == after(seconds=8) + CONTACT_WITHIN
    assert [event.owner_id for event in told(case)] == ["dr-one"]


def test_the_same_person_twice_is_one_person() -> None:
    case = a_case(policy=PAIR)
    for _ in range(2):
        case.acknowledge("dr-one", "clinician", after(seconds=5))

    assert case.state is State.OPEN


def test_where_one_of_two_does_not_answer_the_case_climbs_and_the_one_still_counts() -> None:
    case = a_case(policy=PAIR)
    case.acknowledge("dr-one", "clinician", after(seconds=5))
    climbed(case, after(seconds=30))
    case.acknowledge("dr-three", "clinician", after(seconds=40))

    assert case.state is State.ACKNOWLEDGED
    assert case.owner_id == "dr-one"


def test_one_of_two_who_reaches_the_patient_has_the_case() -> None:
    case = a_case(policy=PAIR)
    case.acknowledge("dr-one", "clinician", after(seconds=5))
    case.record_contact("dr-one", "phone", after(seconds=20))

    assert (case.state, case.owner_id) == (State.CONTACTED, "dr-one")


def test_a_lapse_begins_with_nobody() -> None:
    case = a_case(policy=PAIR)
    for by in ("dr-one", "dr-two"):
        case.acknowledge(by, "clinician", after(seconds=5))
    climbed(case, after(minutes=10))
    case.acknowledge("dr-two", "clinician", after(minutes=11))

    assert (case.state, case.owner_id) == (State.ACKNOWLEDGED, "dr-two")
    assert case.responders.helpers == ()


def test_who_cannot_makes_the_next_person_hear_of_it_at_once() -> None:
    case = a_case()
    case.decline("dr-one", a_cover(), after(seconds=3))

    assert woken(case) == ["dr-one", "dr-two"]
    assert case.next_deadline == after(seconds=3) + WAIT


def test_as_long_as_somebody_else_of_the_rung_may_answer_the_rung_keeps_its_time() -> None:
    case = a_case(policy=a_policy(rung(person("dr-one"), person("dr-two")), rung(person("dr-x"))))
    case.decline("dr-one", a_cover(), after(seconds=3))
    assert woken(case) == ["dr-one", "dr-two"]

    case.decline("dr-two", a_cover(), after(seconds=4))
    assert woken(case) == ["dr-one", "dr-two", "dr-x"]


def test_when_nobody_is_left_on_the_last_rung_the_patient_hears_the_truth() -> None:
    case = a_case(policy=a_policy(rung(SUPERVISOR_POOL)))
    case.decline("supervisor-pool", a_cover(), after(seconds=3))

    assert case.next_deadline == after() + WAIT
    assert any(isinstance(event, CaseEscalated) for event in case.events)


def test_an_owner_who_cannot_gives_the_case_back_and_it_climbs() -> None:
    case = acknowledged()
    case.decline("dr-one", a_cover(), after(seconds=20))

    assert (case.state, case.owner_id) == (State.OPEN, "")
    assert woken(case) == ["dr-one", "dr-two"]


def test_an_owner_who_reached_the_patient_cannot_just_leave() -> None:
    with refused("CONTACT_RECORDED"):
        contacted().decline("dr-one", a_cover(), after(minutes=3))


def test_who_was_never_asked_cannot_decline() -> None:
    case = a_case()
    with refused("NOT_PAGED"):
        case.decline("dr-stranger", a_cover(), after(seconds=3))

    assert woken(case) == ["dr-one"]


def test_a_human_may_wake_the_next_rung_without_waiting() -> None:
    case = a_case()
    case.escalate("dr-nurse", a_cover(), after(seconds=2))

    assert woken(case) == ["dr-one", "dr-two"]
    assert case.next_deadline == after(seconds=2) + WAIT


def test_an_owner_who_wants_help_keeps_the_case_and_its_deadline() -> None:
    case = acknowledged()
    deadline = case.contact_deadline
    case.escalate("dr-one", a_cover(), after(seconds=30))

    assert (case.owner_id, case.contact_deadline) == ("dr-one", deadline)
    assert woken(case) == ["dr-one", "dr-two"]


def test_whoever_was_woken_to_help_comes_in_addition() -> None:
    case = acknowledged()
    case.escalate("dr-one", a_cover(), after(seconds=30))
    case.acknowledge("dr-two", "clinician", after(seconds=40))

    assert case.owner_id == "dr-one"
    assert case.responders.helpers == ("dr-two",)
    assert kinds(case)[-1] is ActKind.HELP_JOINED


def test_whoever_was_not_asked_to_help_is_told_that_somebody_has_it() -> None:
    case = acknowledged()
    case.escalate("dr-one", a_cover(), after(seconds=30))

    with refused("CASE_ALREADY_ACKNOWLEDGED"):
        case.acknowledge("dr-stranger", "clinician", after(seconds=40))


def test_after_help_was_called_a_lapse_goes_on_from_there() -> None:
    case = acknowledged()
    case.escalate("dr-one", a_cover(), after(seconds=30))
    climbed(case, after(minutes=10))

    assert woken(case)[-1] == "supervisor-pool"


def test_a_named_colleague_is_paged_once_per_rung() -> None:
    case = a_case()
    for second in (3, 4):
        case.add_responder("dr-nurse", "dr-three", after(seconds=second))

    assert woken(case) == ["dr-one", "dr-three"]


def test_a_named_colleague_may_take_an_open_case() -> None:
    case = a_case()
    case.add_responder("dr-nurse", "dr-three", after(seconds=3))
    case.acknowledge("dr-three", "clinician", after(seconds=9))

    assert case.owner_id == "dr-three"


def test_a_rung_is_not_given_up_while_a_named_colleague_may_answer() -> None:
    case = a_case()
    case.add_responder("dr-nurse", "dr-three", after(seconds=3))
    case.decline("dr-one", a_cover(), after(seconds=4))

    assert woken(case) == ["dr-one", "dr-three"]


def test_until_the_successor_answers_the_owner_has_the_case() -> None:
    case = acknowledged()
    deadline = case.contact_deadline
    case.hand_over("dr-one", "dr-three", after(seconds=30))

    assert (case.owner_id, case.contact_deadline) == ("dr-one", deadline)
    assert woken(case)[-1] == "dr-three"


def test_the_successor_has_it_with_the_time_that_was_left() -> None:
    case = acknowledged()
    deadline = case.contact_deadline
    case.hand_over("dr-one", "dr-three", after(seconds=30))
    case.acknowledge("dr-three", "supervisor", after(seconds=60))

    assert (case.owner_id, case.contact_deadline) == ("dr-three", deadline)
    assert case.responders.helpers == ("dr-one",)
    assert [(event.owner_id, event.owner_role) for event in told(case)] == [
        ("dr-one", "clinician"),
        ("dr-three", "supervisor"),
    ]


def test_a_successor_who_cannot_leaves_it_with_the_owner() -> None:
    case = acknowledged()
    case.hand_over("dr-one", "dr-three", after(seconds=30))
    case.decline("dr-three", a_cover(), after(seconds=35))

    assert (case.owner_id, case.responders.successor_id) == ("dr-one", "")


def test_a_case_whose_patient_was_reached_can_be_handed_over_too() -> None:
    case = contacted()
    deadline = case.next_deadline
    case.hand_over("dr-one", "dr-three", after(minutes=3))
    case.acknowledge("dr-three", "clinician", after(minutes=4))

    assert (case.state, case.owner_id) == (State.CONTACTED, "dr-three")
    assert case.next_deadline == deadline


def test_only_the_owner_hands_over_and_not_to_themselves() -> None:
    with refused("NOT_OWNER"):
        acknowledged().hand_over("dr-two", "dr-three", after(seconds=30))
    with refused("SUCCESSOR_IS_OWNER"):
        acknowledged().hand_over("dr-one", "dr-one", after(seconds=30))
    with refused("CASE_NOT_ACKNOWLEDGED"):
        a_case().hand_over("dr-one", "dr-two", after(seconds=30))


def test_after_a_new_signal_nobody_of_before_has_it() -> None:
    case = contacted()
    case.hand_over("dr-one", "dr-three", after(minutes=3))
    joined(case, Severity.HIGH, after(minutes=4))

    assert (case.state, case.owner_id) == (State.OPEN, "")
    assert case.responders.successor_id == ""


def test_a_resolved_case_takes_no_more_of_it() -> None:
    case = contacted(Severity.LOW)
    case.resolve("dr-one", "no_immediate_risk", after(minutes=5))
    now = after(minutes=6)

    for act in (
        lambda: case.decline("dr-one", a_cover(), now),
        lambda: case.escalate("dr-one", a_cover(), now),
        lambda: case.add_responder("dr-one", "dr-two", now),
        lambda: case.hand_over("dr-one", "dr-two", now),
        lambda: case.identify("p-2", "dr-one", now),
    ):
        with refused("CASE_RESOLVED"):
            act()
