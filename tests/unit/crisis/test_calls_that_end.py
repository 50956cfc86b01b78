"""Whoever was asked and is not being called any more is called again, or somebody else is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.crisis.domain.case import Case
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.events import CaseAcknowledged
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import (
    WAIT,
    a_case,
    a_cover,
    a_policy,
    a_rotation,
    a_signal,
    acknowledged,
    after,
    climbed,
    contacted,
    pages,
    person,
    rotation_target,
    rung,
    woken,
)

BOTH = a_policy(rung(person("dr-one"), person("dr-two")), rung(person("dr-three")))


def failed(case: Case, number: int, **at: float) -> None:
    """The page with this number will not arrive."""
    page = pages(case)[number]
    case.note_page_failed(
        page.page_id, page.recipient_id, "EXPIRED", cover=a_cover(), now=after(**at)
    )


def taken_by_one_of_two() -> Case:
    case = a_case(policy=BOTH)
    case.acknowledge("dr-one", "clinician", after(seconds=10))
    return case


def test_a_colleague_whose_page_ended_when_the_case_was_taken_is_paged_anew() -> None:
    case = taken_by_one_of_two()
    case.add_responder("dr-one", "dr-two", after(minutes=1))

    assert woken(case) == ["dr-one", "dr-two", "dr-two"]
    assert len({page.page_id for page in pages(case)}) == 3


def test_a_hand_over_hours_later_reaches_who_was_asked_to_help_before() -> None:
    case = taken_by_one_of_two()
    case.add_responder("dr-one", "dr-two", after(minutes=1))
    case.record_contact("dr-one", "phone", after(minutes=2))
    case.hand_over("dr-one", "dr-two", after(hours=3))

    assert woken(case) == ["dr-one", "dr-two", "dr-two", "dr-two"]


def test_who_was_asked_a_moment_ago_and_is_being_called_is_not_called_twice() -> None:
    case = taken_by_one_of_two()
    for second in (60, 61):
        case.add_responder("dr-one", "dr-two", after(seconds=second))

    assert woken(case) == ["dr-one", "dr-two", "dr-two"]


def test_a_colleague_whose_page_has_failed_is_paged_again_when_somebody_asks() -> None:
    case = a_case()
    case.add_responder("dr-nurse", "dr-three", after(seconds=3))
    failed(case, 1, seconds=5)
    case.add_responder("dr-nurse", "dr-three", after(seconds=8))

    assert woken(case) == ["dr-one", "dr-three", "dr-three"]


def test_a_case_handed_back_is_its_first_owners_again() -> None:
    case = contacted()
    for by, to, hour in (("dr-one", "dr-two", 1), ("dr-two", "dr-one", 2)):
        case.hand_over(by, to, after(hours=hour))
        case.acknowledge(to, "clinician", after(hours=hour, minutes=1))

    assert (case.owner_id, case.responders.helpers) == ("dr-one", ("dr-two",))


def test_a_case_that_changes_hands_says_so_for_those_who_were_asked_in_addition() -> None:
    case = acknowledged()
    case.add_responder("dr-one", "dr-three", after(minutes=1))
    case.hand_over("dr-one", "dr-two", after(minutes=2))
    case.acknowledge("dr-two", "clinician", after(minutes=3))

    told = [each for each in case.events if isinstance(each, CaseAcknowledged)]
    assert [(each.owner_id, each.is_hand_over) for each in told] == [
        ("dr-one", False),
        ("dr-two", True),
    ]


def test_where_the_owner_at_a_door_cannot_be_told_the_next_people_are_woken() -> None:
    case = contacted()
    signal = a_signal(fact_id="fact-9", source=Source.PATIENT_AT_DOOR)
    case.hear(signal, policy=a_policy(), cover=a_cover(), now=after(hours=1))
    failed(case, 1, hours=1, minutes=5)

    assert woken(case) == ["dr-one", "dr-one", "dr-one"], "dr-one is on call, on the first rung"
    assert case.state is State.CONTACTED
    failed(case, 2, hours=1, minutes=10)
    assert woken(case)[-1] == "dr-two"


def test_where_the_people_an_owner_asked_for_cannot_be_paged_the_next_are() -> None:
    case = acknowledged()
    case.escalate("dr-one", a_cover(), after(seconds=20))
    failed(case, 1, seconds=30)

    assert woken(case) == ["dr-one", "dr-two", "supervisor-pool"]
    failed(case, 2, seconds=40)
    assert len(woken(case)) == 3, "nobody is woken after the last"


def test_a_late_failure_of_a_page_of_before_wakes_nobody_while_somebody_has_the_case() -> None:
    case = acknowledged()
    failed(case, 0, seconds=30)

    assert woken(case) == ["dr-one"]


def test_a_last_rung_whose_pages_fail_is_tried_again_after_minutes_however_long_it_waits() -> None:
    case = a_case(policy=a_policy(rung(SUPERVISOR_POOL, wait=timedelta(hours=4))))
    failed(case, 0, minutes=5)

    assert case.next_deadline == after(minutes=10)
    climbed(case, after(minutes=10))
    assert woken(case) == ["supervisor-pool", "supervisor-pool"]


def test_a_last_rung_that_comes_sooner_by_itself_keeps_its_time() -> None:
    case = a_case(policy=a_policy(rung(SUPERVISOR_POOL)))
    failed(case, 0, seconds=5)

    assert case.next_deadline == after() + WAIT


def test_where_two_are_wanted_and_both_rotations_mean_one_person_that_one_takes_it() -> None:
    cover = a_cover(a_rotation("on-call", "dr-one"), a_rotation("back-up", "dr-one"))
    policy = a_policy(
        rung(rotation_target("on-call"), rotation_target("back-up"), acknowledgements=2)
    )
    case = Case.open(
        "0d5b1f6e-8f0e-4a51-9d1b-0f2f4f6a7c12",
        a_signal(),
        policy=policy,
        cover=cover,
        now=after(),
    )
    assert woken(case) == ["dr-one"]
    case.acknowledge("dr-one", "clinician", after(seconds=5))

    assert (case.state, case.owner_id) == (State.ACKNOWLEDGED, "dr-one")


@pytest.mark.parametrize("severity", Severity)
def test_where_two_were_asked_one_is_still_not_enough(severity: Severity) -> None:
    pair = a_policy(rung(person("dr-one"), person("dr-two"), acknowledgements=2))
    case = a_case(severity, policy=pair)
    case.acknowledge("dr-one", "clinician", after(seconds=5))

    assert case.state is State.OPEN
