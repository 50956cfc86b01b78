"""Conflicts open, move and close with what is true."""

from __future__ import annotations

from services.scheduling.domain.conflict import LicenseConflict, uncovered
from tests.unit.scheduling.builders import NOW, a_session, after


def a_conflict() -> LicenseConflict:
    return LicenseConflict("conflict-1", "patient-1", "enrollment-1")


def test_sessions_whose_facilitator_may_not_treat_in_the_state_are_uncovered() -> None:
    covered = a_session(facilitator_states=("NC", "VA"))
    lacking = a_session(facilitator_states=("VA",))
    assert uncovered([covered, lacking], "NC") == (lacking,)


def test_a_conflict_opens_with_the_sessions_and_who_leads_them() -> None:
    conflict = a_conflict()
    sessions = [a_session(id="s-1", facilitator_id="c-2"), a_session(id="s-2")]
    assert conflict.observe(sessions, "NC", NOW)
    assert conflict.is_open
    assert conflict.session_ids == ("s-1", "s-2")
    assert conflict.facilitator_ids == ("c-2", "clinician-1")
    assert conflict.detect_time == NOW


def test_seeing_the_same_again_changes_nothing() -> None:
    conflict, session = a_conflict(), a_session()
    conflict.observe([session], "NC", NOW)
    assert not conflict.observe([session], "NC", after(hours=1))
    assert conflict.detect_time == NOW


def test_fewer_sessions_change_it_and_none_close_it() -> None:
    conflict = a_conflict()
    one, other = a_session(id="s-1"), a_session(id="s-2")
    conflict.observe([one, other], "NC", NOW)
    assert conflict.observe([other], "NC", after(hours=1))
    assert conflict.session_ids == ("s-2",)
    assert conflict.observe([], "NC", after(hours=2))
    assert not conflict.is_open
    assert conflict.resolve_time == after(hours=2)


def test_a_closed_conflict_opens_anew_with_a_new_time() -> None:
    conflict = a_conflict()
    conflict.observe([a_session()], "NC", NOW)
    conflict.observe([], "NC", after(hours=1))
    assert conflict.observe([a_session()], "MD", after(hours=2))
    assert conflict.detect_time == after(hours=2)
    assert conflict.state == "MD"


def test_no_conflict_where_there_never_was_one() -> None:
    conflict = a_conflict()
    assert not conflict.observe([], "VA", NOW)
    assert not conflict.is_open
