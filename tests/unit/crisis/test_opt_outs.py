"""Who said "not me" is never called, and it is always clear who is called instead."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.crisis.domain.coverage import GapKind, Plan, gaps, hours_by_kind, stretches
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.opt_out import Absences, OptOut
from services.crisis.domain.rotation import Override, ShiftReason
from tests.unit.crisis.builders import (
    NOON,
    a_cover,
    a_rotation,
    after,
    person,
    rotation_target,
    rung,
)


def away(clinician_id: str, start: datetime, end: datetime, **parts: Any) -> OptOut:
    return OptOut(f"o-{clinician_id}", clinician_id, start, end, **parts)


def all_day(clinician_id: str, **parts: Any) -> OptOut:
    return away(clinician_id, NOON, after(days=1), **parts)


def on_call(rotation: Any, *opt_outs: OptOut, at: datetime = NOON, **parts: Any) -> Any:
    shift = rotation.on_call(at, Absences(opt_outs, **parts))
    return (shift.clinician_id, shift.reason, shift.absent_id) if shift else None


def test_a_substitute_is_called_for_whoever_opted_out() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two")

    found = on_call(rotation, all_day("dr-one", substitute_id="dr-three"))

    assert found == ("dr-three", ShiftReason.SUBSTITUTE, "dr-one")


def test_without_a_substitute_the_next_in_turn_is_called() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two", "dr-three")

    assert on_call(rotation, all_day("dr-one")) == (
        "dr-two",
        ShiftReason.NEXT_IN_TURN,
        "dr-one",
    )
    assert on_call(rotation, all_day("dr-one"), all_day("dr-two"))[0] == "dr-three"


def test_a_tenant_may_want_the_supervisors_rather_than_the_next_in_turn() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two")

    assert on_call(rotation, all_day("dr-one"), is_next_called=False) is None


def test_a_substitute_who_is_away_too_passes_it_on() -> None:
    rotation = a_rotation("on-call", "dr-one")
    first = all_day("dr-one", substitute_id="dr-three")

    assert on_call(rotation, first, all_day("dr-three", substitute_id="dr-four"))[0] == "dr-four"


def test_two_who_stand_in_for_each_other_are_both_away() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two")
    each_other = (
        all_day("dr-one", substitute_id="dr-two"),
        all_day("dr-two", substitute_id="dr-one"),
    )

    assert on_call(rotation, *each_other) is None


def test_an_override_that_opted_out_gives_back_to_the_turn() -> None:
    cover = Override("dr-three", NOON, after(hours=4))
    rotation = a_rotation("on-call", "dr-one", overrides=(cover,))

    assert on_call(rotation, all_day("dr-three")) == ("dr-one", ShiftReason.TURN, "dr-three")


def test_an_opt_out_of_one_rotation_leaves_the_others_alone() -> None:
    opt_out = all_day("dr-one", rotation="back-up")

    assert on_call(a_rotation("on-call", "dr-one"), opt_out)[0] == "dr-one"
    assert on_call(a_rotation("back-up", "dr-one"), opt_out) is None


def test_a_shift_ends_when_an_opt_out_begins_and_when_it_ends() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two")
    absences = Absences((away("dr-one", after(hours=1), after(hours=3)),))

    assert rotation.on_call(NOON, absences).end == after(hours=1)
    assert rotation.on_call(after(hours=1), absences).end == after(hours=3)


def test_a_rung_that_names_a_clinician_who_opted_out_wakes_the_substitute() -> None:
    opt_out = all_day("dr-nine", substitute_id="dr-ten")
    cover = a_cover()
    cover = type(cover)(cover.rotations, cover.supervisor_id, Absences((opt_out,)))

    woken = cover.wake(rung(person("dr-nine"), rotation_target("on-call")), NOON)

    assert woken.recipient_ids == ("dr-ten", "dr-one")
    assert woken.hand_off == after(days=1)


def test_the_exact_hours_of_an_opt_out_that_nobody_covers_are_a_gap() -> None:
    rotation = a_rotation("on-call", "dr-one")
    absences = Absences((away("dr-one", after(hours=2), after(hours=5)),))

    (gap,) = gaps(rotation, absences, start=NOON, end=after(days=14))

    assert (gap.kind, gap.start, gap.end) == (GapKind.OPTED_OUT, after(hours=2), after(hours=5))
    assert gap.hours == 3


def test_a_rotation_has_a_gap_before_it_begins_and_after_it_ends() -> None:
    rotation = a_rotation("on-call", "dr-one", start=after(days=1), end=after(days=3))

    found = gaps(rotation, Absences(), start=NOON, end=after(days=5))

    assert [(gap.kind, gap.start, gap.end) for gap in found] == [
        (GapKind.NOT_BEGUN, NOON, after(days=1)),
        (GapKind.ENDED, after(days=3), after(days=5)),
    ]


def test_an_override_splits_a_gap() -> None:
    cover = Override("dr-two", after(hours=2), after(hours=3))
    rotation = a_rotation("on-call", "dr-one", start=after(hours=6), overrides=(cover,))

    found = gaps(rotation, Absences(), start=NOON, end=after(hours=8))

    assert [(gap.start, gap.end) for gap in found] == [
        (NOON, after(hours=2)),
        (after(hours=3), after(hours=6)),
    ]


def plan(*rotations: Any, named: tuple[str, ...] = (), opt_outs: tuple[OptOut, ...] = ()) -> Plan:
    known = {each.name: each for each in rotations}
    return Plan(known, Absences(opt_outs), frozenset(map(rotation_target, named)))


def test_a_rotation_that_a_policy_names_and_nobody_made_is_a_gap_from_now_on() -> None:
    (gap,) = plan(named=("night",)).gaps(start=NOON, end=after(days=14))

    assert (gap.target, gap.kind, gap.start) == (
        rotation_target("night"),
        GapKind.ROTATION_UNKNOWN,
        NOON,
    )
    assert gap.hours == 14 * 24


def test_a_rotation_that_no_policy_names_owes_nobody_cover_once_it_has_ended() -> None:
    old = a_rotation("old", "dr-one", end=after(days=1))

    assert plan(old).gaps(start=NOON, end=after(days=14)) == []
    assert len(plan(old, named=("old",)).gaps(start=NOON, end=after(days=14))) == 1


def behind(*opt_outs: OptOut, named: tuple[Any, ...] = (person("dr-nine"),)) -> list[Any]:
    """When nobody is behind those whom the rungs name."""
    found = Plan({}, Absences(opt_outs), frozenset(named)).gaps(start=NOON, end=after(days=14))
    return [(gap.target, gap.kind, gap.start, gap.end) for gap in found]


def test_a_person_of_a_rung_who_is_away_is_a_gap_of_exactly_that_time() -> None:
    opt_outs = (
        away("dr-nine", after(days=2), after(days=3)),
        away("dr-nine", after(days=3), after(days=4)),
        away("dr-one", after(days=1), after(days=9)),
    )

    assert behind(*opt_outs) == [
        (person("dr-nine"), GapKind.OPTED_OUT, after(days=2), after(days=4))
    ]


def test_a_person_of_a_rung_with_somebody_who_stands_in_is_no_gap() -> None:
    stands_in = away("dr-nine", after(days=2), after(days=5), substitute_id="dr-ten")
    assert behind(stands_in) == []

    both = behind(stands_in, away("dr-ten", after(days=4), after(days=8)))
    assert [(start, end) for _, _, start, end in both] == [(after(days=4), after(days=5))]


def test_an_absence_from_one_rotation_leaves_a_person_on_their_rung() -> None:
    elsewhere = away("dr-nine", after(days=2), after(days=5), rotation="night")

    assert behind(elsewhere) == []


def test_somebody_whom_no_rung_names_may_go() -> None:
    assert behind(away("dr-nine", after(days=2), after(days=5)), named=(SUPERVISOR_POOL,)) == []


def test_hours_are_told_for_every_kind() -> None:
    found = plan(named=("night",)).gaps(start=NOON, end=after(hours=2))

    assert hours_by_kind(found) == {
        GapKind.NOT_BEGUN: 0,
        GapKind.ENDED: 0,
        GapKind.OPTED_OUT: 0,
        GapKind.UNREACHABLE: 0,
        GapKind.ROTATION_UNKNOWN: 2,
    }


PEOPLE = ("dr-one", "dr-two", "dr-three")
absences = st.lists(
    st.builds(
        lambda who, first, hours, substitute: away(
            who, after(hours=first), after(hours=first + hours), substitute_id=substitute
        ),
        st.sampled_from((*PEOPLE, "dr-four")),
        st.integers(-24, 24 * 7),
        st.integers(1, 24 * 3),
        st.sampled_from(("", *PEOPLE, "dr-four")),
    ),
    max_size=8,
)


@settings(max_examples=150)
@given(absences, st.booleans())
def test_whoever_opted_out_is_never_on_call_and_every_hour_is_a_shift_or_a_gap(
    opt_outs: Any, is_next_called: Any
) -> None:
    rotation = a_rotation("on-call", *PEOPLE, shift_days=1)
    known = Absences(tuple(opt_outs), is_next_called)
    start, end = NOON, after(days=8)

    found = stretches(rotation, known, start=start, end=end)

    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.end == two.start for one, two in pairwise(found))
    for each in found:
        middle = each.start + (each.end - each.start) / 2
        assert not any(away.holds_at(each.clinician_id, "on-call", middle) for away in opt_outs)
    holes = gaps(rotation, known, start=start, end=end)
    assert [(gap.start, gap.end) for gap in holes] == [
        (each.start, each.end) for each in found if not each.clinician_id
    ]
