"""More signals, and pages that do not arrive."""

from __future__ import annotations

from typing import Any

from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.events import CaseEscalated, CaseOpened
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity
from services.crisis.domain.status import Help, status_of
from tests.unit.crisis.builders import (
    CONTACT_WITHIN,
    NOON,
    WAIT,
    a_case,
    a_cover,
    a_policy,
    acknowledged,
    after,
    climbed,
    contacted,
    joined,
    pages,
    person,
    rung,
    woken,
)


def test_a_milder_signal_does_not_lower_the_severity() -> None:
    assert joined(a_case(), Severity.LOW, after(seconds=5)).severity is Severity.HIGH


def test_a_milder_signal_does_not_delay_the_next_rung() -> None:
    assert joined(a_case(), Severity.LOW, after(seconds=5)).next_deadline == NOON + WAIT


def test_a_worse_signal_starts_the_ladder_of_its_severity_at_once() -> None:
    case = joined(climbed(a_case(Severity.LOW), after(seconds=30)), Severity.HIGH, after(minutes=1))

    assert case.severity is Severity.HIGH
    assert (case.ladder.rung, case.ladder.policy.version) == (0, 2)
    assert woken(case) == ["dr-one", "dr-two", "dr-one"]


def test_a_worse_signal_is_told_to_the_owner_and_never_gives_more_time() -> None:
    case = joined(acknowledged(Severity.LOW), Severity.HIGH, after(minutes=1))

    assert case.state is State.ACKNOWLEDGED
    assert woken(case) == ["dr-one", "dr-one"]
    assert case.contact_deadline == after(seconds=10) + CONTACT_WITHIN


def test_a_raised_case_whose_acknowledgement_lapses_begins_with_its_new_ladder_s_first_rung() -> (
    None
):
    case = joined(acknowledged(Severity.LOW), Severity.HIGH, after(minutes=1))
    climbed(case, after(seconds=310))

    assert (case.state, case.ladder.rung, case.ladder.policy.version) == (State.OPEN, 0, 2)
    assert case.next_deadline == after(seconds=310) + WAIT
    climbed(case, after(seconds=340))
    assert woken(case)[2:] == ["dr-one", "dr-two"]


def test_the_owner_is_called_again_where_the_first_rung_is_their_own() -> None:
    case = joined(acknowledged(Severity.LOW), Severity.HIGH, after(minutes=1))
    climbed(case, after(seconds=310))

    keys = [page.page_id for page in pages(case)]
    assert len(set(keys)) == len(keys) == 3


def test_a_raise_that_was_followed_by_contact_leaves_the_review_with_the_last_rung() -> None:
    case = joined(acknowledged(Severity.LOW), Severity.HIGH, after(minutes=1))
    case.record_contact("dr-one", "phone", after(minutes=2))
    climbed(case, after(days=2))

    assert woken(case)[2:] == ["supervisor-pool"]


def test_a_signal_after_contact_wakes_whoever_is_on_call_now() -> None:
    case = joined(contacted(), Severity.LOW, after(hours=2))

    assert case.state is State.OPEN
    assert case.severity is Severity.HIGH
    assert woken(case) == ["dr-one", "dr-one"]
    assert case.next_deadline == after(hours=2) + WAIT


def test_a_joined_signal_is_told_under_the_same_case() -> None:
    case = joined(a_case(), Severity.HIGH, after(seconds=5))

    assert [event.case_id for event in case.events if isinstance(event, CaseOpened)] == [
        case.id
    ] * 2


def test_when_no_page_of_a_rung_arrives_the_next_rung_fires_at_once() -> None:
    case = a_case()
    fail(case, 0, after(seconds=1))

    assert woken(case) == ["dr-one", "dr-two"]
    assert case.next_deadline == after(seconds=1) + WAIT


def test_while_one_page_of_a_rung_may_arrive_the_rung_keeps_its_time() -> None:
    case = a_case(policy=a_policy(rung(person("dr-one"), person("dr-two")), rung(SUPERVISOR_POOL)))
    fail(case, 0, after(seconds=1))

    assert case.next_deadline == NOON + WAIT
    fail(case, 1, after(seconds=2))
    assert woken(case)[-1] == "supervisor-pool"


def test_a_last_rung_that_cannot_be_reached_is_tried_again_in_its_time_not_without_pause() -> None:
    case = a_case(policy=a_policy(rung(SUPERVISOR_POOL)))
    fail(case, 0, after(seconds=1))

    assert woken(case) == ["supervisor-pool"]
    assert case.next_deadline == NOON + WAIT


def test_a_patient_is_not_told_that_help_was_sent_where_no_page_of_the_last_rung_arrives() -> None:
    case = a_case(policy=a_policy(rung(SUPERVISOR_POOL)))
    assert status_of(case, "988").help is Help.SENT
    fail(case, 0, after(seconds=1))

    assert status_of(case, "988").help is Help.NOBODY_YET
    fail(case, 0, after(seconds=2))
    assert sum(isinstance(event, CaseEscalated) for event in case.events) == 1


def test_a_failure_of_an_earlier_rung_changes_nothing() -> None:
    case = climbed(a_case(), after(seconds=30))
    fail(case, 0, after(seconds=31))

    assert woken(case) == ["dr-one", "dr-two"]


def test_a_failure_after_the_acknowledgement_leaves_the_owner_in_peace() -> None:
    case = acknowledged()
    fail(case, 0, after(seconds=11))

    assert case.state is State.ACKNOWLEDGED


def fail(case: Any, index: Any, at: Any) -> None:
    page = pages(case)[index]
    case.note_page_failed(
        page.page_id, page.recipient_id, "CONTACT_POINT_MISSING", cover=a_cover(), now=at
    )
