"""What should have happened and did not, rule by rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crisis.domain.coverage import Plan
from services.crisis.domain.escalation import SUPERVISOR_POOL, Target
from services.crisis.domain.findings import (
    EVENT_LATE,
    About,
    CaseRow,
    EventRow,
    Finding,
    FindingKind,
    PageRow,
    ParkedEvent,
    Repair,
    cover_findings,
    dead_letter_finding,
    deadline_finding,
    event_findings,
    page_findings,
)
from services.crisis.domain.opt_out import NOBODY_AWAY, Absences, OptOut
from services.crisis.domain.reach import NEVER_TOLD, Presence, Reach
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.timeline import ActKind
from tests.unit.crisis.builders import NOON, a_rotation, after, person, rotation_target

LATE = timedelta(seconds=10)
PAGE_LATE = timedelta(seconds=30)
DELIVERED, FAILED = frozenset({ActKind.PAGE_DELIVERED}), frozenset({ActKind.PAGE_FAILED})


def a_row(**changes: Any) -> CaseRow:
    """An open case that will act in half a minute."""
    values: dict[str, Any] = {
        "id": "case-1",
        "state": "open",
        "next_deadline": after(seconds=30),
        "owner_id": "",
        "update_time": after(minutes=-1),
        "wait_start": after(minutes=-1),
        "pages": frozenset({"page-1"}),
        "is_at_last": False,
        "longest_wait": timedelta(minutes=5),
    }
    return CaseRow(**{**values, **changes})


def found(row: CaseRow, now: datetime = NOON) -> Finding | None:
    return deadline_finding(row, now=now, late=LATE)


def pages_found(
    row: CaseRow, *pages: PageRow, answers: dict[str, frozenset[ActKind]] | None = None
) -> list[Finding]:
    return page_findings([row], pages, answers or {}, now=NOON, late=PAGE_LATE)


def a_page(page_id: str = "page-1", *, seconds_ago: float = 31) -> PageRow:
    return PageRow(page_id, "case-1", after(seconds=-seconds_ago))


def test_a_case_that_will_act_in_time_is_well() -> None:
    assert found(a_row()) is None
    assert found(a_row(next_deadline=after(seconds=-10))) is None, "not yet late"


@pytest.mark.parametrize("state", ["open", "acknowledged", "contacted"])
def test_a_case_without_a_deadline_is_given_one(state: str) -> None:
    finding = found(a_row(next_deadline=None, state=state, owner_id="dr-one"))

    assert finding == Finding(
        FindingKind.DEADLINE_MISSING, "case-1", timedelta(minutes=1), Repair.RESTORE
    )


def test_a_deadline_further_away_than_anything_may_wait_is_none() -> None:
    assert found(a_row(next_deadline=after(hours=24.9))) is None
    assert found(a_row(next_deadline=after(hours=25.1)))
    assert found(a_row(next_deadline=after(hours=36), longest_wait=timedelta(hours=48))) is None


def test_a_timer_that_did_not_fire_is_fired() -> None:
    finding = found(a_row(next_deadline=after(seconds=-11)))

    assert finding == Finding(
        FindingKind.DEADLINE_OVERDUE, "case-1", timedelta(seconds=11), Repair.CLIMB
    )


def test_an_owner_whose_contact_deadline_has_passed_is_not_live() -> None:
    row = a_row(state="acknowledged", owner_id="dr-one", next_deadline=after(seconds=-11))

    finding = found(row)

    assert finding is not None
    assert (finding.kind, finding.repair) == (FindingKind.OWNER_NOT_LIVE, Repair.CLIMB)


def test_an_acknowledged_case_without_an_owner_must_act_now() -> None:
    finding = found(a_row(state="acknowledged", owner_id=""))

    assert finding is not None
    assert (finding.kind, finding.repair) == (FindingKind.OWNER_NOT_LIVE, Repair.RESTORE)


def test_an_acknowledged_case_without_an_owner_is_made_due_once_and_then_climbed() -> None:
    due, late = after(seconds=0), after(seconds=-11)

    assert found(a_row(state="acknowledged", owner_id="", next_deadline=due)) is None
    finding = found(a_row(state="acknowledged", owner_id="", next_deadline=late))

    assert finding is not None
    assert (finding.kind, finding.repair) == (FindingKind.OWNER_NOT_LIVE, Repair.CLIMB)


@given(
    state=st.sampled_from(["open", "acknowledged", "contacted", "nonsense"]),
    owner_id=st.sampled_from(["", "dr-one"]),
    seconds=st.none() | st.integers(-(10**7), 10**7),
)
def test_no_case_is_left_that_neither_acts_soon_nor_is_found(
    state: str, owner_id: str, seconds: int | None
) -> None:
    deadline = None if seconds is None else after(seconds=seconds)
    finding = found(a_row(state=state, owner_id=owner_id, next_deadline=deadline))

    acts_by_itself = deadline is not None and NOON - LATE <= deadline <= after(hours=25)
    is_abandoned = state == "acknowledged" and not owner_id and (seconds or 0) > 0
    assert (finding is None) == (acts_by_itself and not is_abandoned)
    assert finding is None or finding.repair is not Repair.NONE


def test_a_page_of_which_nothing_was_heard_lets_its_case_climb() -> None:
    (finding,) = pages_found(a_row(), a_page())

    assert finding.kind is FindingKind.PAGE_NOT_HANDED_OVER
    assert (finding.subject_id, finding.repair) == ("case-1", Repair.CLIMB)
    assert finding.unheard == {"page-1"}


def test_a_page_has_its_time() -> None:
    assert pages_found(a_row(), a_page(seconds_ago=30)) == []


@pytest.mark.parametrize("answer", [DELIVERED, FAILED], ids=["delivered", "failed"])
def test_a_page_with_an_answer_is_not_asked_for_again(answer: frozenset[ActKind]) -> None:
    assert pages_found(a_row(), a_page(), answers={"page-1": answer}) == []


def test_one_page_handed_over_is_enough_for_the_rung_to_keep_its_time() -> None:
    row = a_row(pages=frozenset({"page-1", "page-2"}))

    (finding,) = pages_found(row, a_page(), a_page("page-2"), answers={"page-2": DELIVERED})

    assert finding.repair is Repair.NONE


def test_a_page_that_gave_way_to_the_new_shifts_is_not_waited_for() -> None:
    withdrawn = {"page-1": frozenset({ActKind.PAGE_WITHDRAWN})}

    assert (
        pages_found(a_row(pages=frozenset({"page-2"})), a_page("page-1"), answers=withdrawn) == []
    )


def test_a_failed_page_beside_a_silent_one_holds_nothing_up() -> None:
    row = a_row(pages=frozenset({"page-1", "page-2"}))

    (finding,) = pages_found(row, a_page(), a_page("page-2"), answers={"page-2": FAILED})

    assert finding.repair is Repair.CLIMB


def test_from_the_last_rung_nobody_further_can_be_woken() -> None:
    (finding,) = pages_found(a_row(is_at_last=True), a_page())

    assert finding.repair is Repair.NONE


def test_a_silent_page_of_an_earlier_rung_is_told_and_climbs_nothing() -> None:
    (finding,) = pages_found(a_row(pages=frozenset({"page-2"})), a_page("page-1"))

    assert finding.repair is Repair.NONE


def test_pages_from_before_somebody_had_the_case_were_withdrawn_and_say_nothing() -> None:
    row = a_row(wait_start=after(seconds=-35))

    assert pages_found(row, a_page(seconds_ago=40)) == []
    assert pages_found(row, a_page(seconds_ago=34))


@pytest.mark.parametrize("state", ["acknowledged", "contacted"])
def test_pages_of_a_case_that_somebody_has_are_not_waited_for(state: str) -> None:
    assert pages_found(a_row(state=state), a_page()) == []


def test_a_committed_event_that_is_nowhere_after_its_time_is_told() -> None:
    limit = EVENT_LATE.total_seconds()
    rows = [EventRow("e-1", after(seconds=-limit - 1)), EventRow("e-2", after(seconds=-limit))]

    (finding,) = event_findings([*rows, *rows], now=NOON)

    assert (finding.subject_id, finding.repair) == ("e-1", Repair.NONE)


ON_CALL = rotation_target("on-call")
HOLE = (FindingKind.ROTATION_HOLE, "on-call")
NOBODY = (FindingKind.TENANT_WITHOUT_COVER, "")
HEARD = (None, ActKind.PAGE_DELIVERED, ActKind.PAGE_FAILED)


def a_plan(
    *targets: Target,
    absences: Absences = NOBODY_AWAY,
    reach: Reach = NEVER_TOLD,
    **rotations: Rotation,
) -> Plan:
    known = {each.name: each for each in rotations.values()}
    return Plan(known, absences, frozenset(targets), reach)


def cover(
    plan: Plan,
    supervisors: Presence = Presence.PRESENT,
    heard: ActKind | None = None,
    now: datetime = NOON,
) -> list[tuple[FindingKind, str]]:
    found = cover_findings(plan, supervisors=supervisors, heard=heard, now=now)
    return [(each.kind, each.subject_id) for each in found]


def test_a_tenant_with_a_ladder_and_people_on_call_is_covered() -> None:
    plan = a_plan(ON_CALL, SUPERVISOR_POOL, on_call=a_rotation("on-call", "dr-one"))

    assert cover(plan) == []


def test_a_rotation_that_has_not_begun_or_does_not_exist_is_a_hole() -> None:
    later = a_rotation("on-call", "dr-one", start=after(hours=1))
    plan = a_plan(ON_CALL, rotation_target("ghost"), on_call=later)

    assert cover(plan) == [
        (FindingKind.ROTATION_HOLE, "ghost"),
        (FindingKind.ROTATION_HOLE, "on-call"),
    ]


def test_a_rotation_whose_only_clinician_opted_out_is_a_hole() -> None:
    away = Absences((OptOut("o-1", "dr-one", after(hours=-1), after(hours=1)),))
    plan = a_plan(ON_CALL, absences=away, on_call=a_rotation("on-call", "dr-one"))

    assert cover(plan) == [(FindingKind.ROTATION_HOLE, "on-call")]
    assert cover(plan, now=after(hours=1)) == []


def test_a_rotation_whose_clinician_no_page_can_reach_is_a_hole() -> None:
    turns = a_rotation("on-call", "dr-one")
    lost, other = Reach(frozenset({"dr-two"})), Reach(frozenset({"dr-one"}))

    assert cover(a_plan(ON_CALL, reach=lost, on_call=turns)) == [HOLE]
    assert cover(a_plan(ON_CALL, reach=other, on_call=turns)) == []
    assert cover(a_plan(ON_CALL, reach=NEVER_TOLD, on_call=turns)) == []


@pytest.mark.parametrize(
    ("supervisors", "heard"),
    [
        (Presence.PRESENT, None),
        (Presence.PRESENT, ActKind.PAGE_DELIVERED),
        (Presence.UNPROVED, ActKind.PAGE_DELIVERED),
    ],
)
def test_a_ladder_is_cover_where_the_supervisors_proved_their_address_or_a_page_arrived(
    supervisors: Presence, heard: ActKind | None
) -> None:
    assert cover(a_plan(person("dr-one")), supervisors, heard) == []


@pytest.mark.parametrize(
    ("supervisors", "heard"),
    [
        (Presence.UNPROVED, None),
        (Presence.UNPROVED, ActKind.PAGE_FAILED),
        (Presence.PRESENT, ActKind.PAGE_FAILED),
        *((Presence.ABSENT, heard) for heard in HEARD),
        *((Presence.UNKNOWN, heard) for heard in HEARD),
    ],
)
def test_a_ladder_is_no_cover_where_nobody_knows_that_a_page_reaches_the_supervisors(
    supervisors: Presence, heard: ActKind | None
) -> None:
    assert cover(a_plan(person("dr-one")), supervisors, heard) == [NOBODY]


def test_a_tenant_without_a_ladder_needs_supervisors_whom_a_page_has_reached() -> None:
    assert cover(a_plan()) == [NOBODY]
    assert cover(a_plan(), heard=ActKind.PAGE_DELIVERED) == []


def a_parked(about: About, **changes: Any) -> ParkedEvent:
    values: dict[str, Any] = {
        "event_id": "e-1",
        "tenant_id": "river",
        "about": about,
        "aggregate_id": "a-1",
        "queue": "crisis.on-risk-raised.crisis",
        "consumer": "crisis",
        "time": after(seconds=-5),
    }
    return ParkedEvent(**{**values, **changes})


def test_a_lost_signal_gets_a_case_whoever_it_is_about() -> None:
    finding = dead_letter_finding(a_parked(About.SIGNAL), has_case=False, now=NOON)

    assert (finding.subject_id, finding.age) == ("e-1", timedelta(seconds=5))
    assert finding.repair is Repair.OPEN


def test_a_lost_page_belongs_to_a_case_that_climbs_by_itself() -> None:
    known = dead_letter_finding(a_parked(About.CASE), has_case=True, now=NOON)
    unknown = dead_letter_finding(a_parked(About.CASE), has_case=False, now=NOON)

    assert (known.repair, unknown.repair) == (Repair.NONE, Repair.OPEN)


def test_a_lost_answer_to_a_page_opens_nothing() -> None:
    finding = dead_letter_finding(a_parked(About.ANSWER, time=None), has_case=False, now=NOON)

    assert (finding.repair, finding.age) == (Repair.NONE, timedelta())
