"""Series: what they may be, what they supply, and the sessions made of them."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest

from chassis.errors import FailedPrecondition, InvalidArgument
from services.scheduling.domain.events import SessionScheduled
from services.scheduling.domain.group import Track
from services.scheduling.domain.series import Series, SeriesState, view_of
from services.scheduling.domain.session import Seat, Session, SessionState
from tests.unit.scheduling.builders import (
    NOW,
    POLICY,
    a_block,
    a_clinician,
    a_group,
    a_license,
    a_pattern,
    a_series,
    a_session,
    a_span,
    after,
    fields_of,
    reason_of,
)


def sessions_of(series: Series, *states: str) -> list[Session]:
    numbers = count(1)
    clinician = a_clinician(*states, id="clinician-1")
    return series.sessions(a_group(), clinician, NOW, lambda: f"s-{next(numbers)}")


def test_three_blocks_for_eight_weeks_are_twenty_four_sessions_of_nine_hours_a_week() -> None:
    series = a_series()
    sessions = sessions_of(series, "VA")
    assert len(sessions) == 24
    assert series.pattern.weekly_minutes == 540
    assert [each.id for each in sessions] == [f"s-{n}" for n in range(1, 25)]
    assert {each.capacity for each in sessions} == {8}


def test_each_new_session_is_told_with_the_states_that_hold_at_its_time() -> None:
    series, group = a_series(), a_group()
    clinician = a_clinician(licenses=(a_license(expire_date=date(2027, 1, 31)),))
    sessions = series.sessions(group, clinician, NOW, iter("abcdefghijklmnopqrstuvwx").__next__)
    told = [each for session in sessions for each in session.events]
    assert all(isinstance(each, SessionScheduled) for each in told)
    assert [session.facilitator_states for session in sessions] == [("VA",)] * 12 + [()] * 12


def test_the_sessions_of_a_protected_group_carry_its_label() -> None:
    group = a_group(track=Track.SUBSTANCE_USE)
    sessions = a_series().sessions(group, a_clinician("VA"), NOW, lambda: "s")
    assert all(each.is_part2_protected for each in sessions)


def test_a_series_whose_first_session_is_past_is_refused() -> None:
    series = a_series(pattern=a_pattern(first_date=date(2026, 12, 28)))
    with pytest.raises(InvalidArgument) as error:
        sessions_of(series)
    assert reason_of(error) == "FIRST_DATE_PAST"
    assert fields_of(error) == [("first_date", "FIRST_DATE_PAST")]


def test_more_than_nineteen_hours_a_week_are_refused() -> None:
    pattern = a_pattern([a_block(day, counted_minutes=240) for day in range(5)])
    with pytest.raises(InvalidArgument) as error:
        a_series(pattern=pattern).require_policy(POLICY)
    assert reason_of(error) == "WEEKLY_MINUTES_EXCEEDED"


def test_more_weeks_than_the_tenant_allows_are_refused() -> None:
    with pytest.raises(InvalidArgument) as error:
        a_series(pattern=a_pattern(weeks=27)).require_policy(POLICY)
    assert reason_of(error) == "WEEKS_EXCEEDED"


def test_nineteen_hours_a_week_for_half_a_year_are_allowed() -> None:
    blocks = [a_block(day, counted_minutes=228) for day in range(5)]
    a_series(pattern=a_pattern(blocks, weeks=26)).require_policy(POLICY)


def test_nine_hours_a_week_meet_a_plan_of_nine_hours() -> None:
    a_series().require_dose(540)


def test_breaks_do_not_count_towards_the_dose() -> None:
    blocks = [a_block(day, counted_minutes=170, break_minutes=30) for day in (0, 2, 4)]
    with pytest.raises(FailedPrecondition) as error:
        a_series(pattern=a_pattern(blocks)).require_dose(540)
    assert reason_of(error) == "DOSE_NOT_MET"
    assert error.value.metadata == {
        "supplied_minutes": "510",
        "planned_minutes": "540",
        "missing_minutes": "30",
    }


def test_an_ended_series_cannot_be_given_to_anybody() -> None:
    series = a_series(state=SeriesState.ENDED)
    with pytest.raises(FailedPrecondition) as error:
        series.assign(a_clinician("VA"))
    assert reason_of(error) == "SERIES_ENDED"


def test_the_view_counts_the_seats_that_are_free_in_every_session_ahead() -> None:
    past = a_session(id="past", span=a_span(after(days=-1)), seats=(Seat("a"), Seat("b")))
    next_one = a_session(id="next", span=a_span(after(days=1)), seats=(Seat("a"),))
    later = a_session(id="later", span=a_span(after(days=2)), seats=(Seat("a"), Seat("c")))
    off = a_session(id="off", span=a_span(after(days=3)), state=SessionState.CANCELED)
    view = view_of(a_series(), [later, off, past, next_one], NOW)
    assert view.session_ids == ("past", "next", "later")
    assert view.free_seats == 6


def test_nothing_ahead_has_no_free_seat() -> None:
    assert view_of(a_series(), [], NOW).free_seats == 0
