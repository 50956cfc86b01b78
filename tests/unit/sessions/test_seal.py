"""Counted minutes stand once a session is over, and are set right only in the open."""

from __future__ import annotations

import hmac
from dataclasses import replace

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Role
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from services.sessions.codec import answers
from services.sessions.domain.commands import AmendAttendance, GetAttendance, Lead
from services.sessions.domain.ledger import Interval
from services.sessions.domain.seal import Amendment, AmendReason, Seal
from services.sessions.domain.views import AttendanceView
from tests.unit.sessions.builders import after
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

REASON = AmendReason.CONNECTION_NOT_RECORDED


def sign(said: bytes) -> bytes:
    return hmac.digest(b"a key", said, "sha256")


def an_amendment(seconds: int = 60) -> Amendment:
    return Amendment(seconds, REASON, "f-1", after(hours=4))


def a_seal() -> Seal:
    seal = Seal(600, (Interval(after(minutes=0), after(minutes=10)),), after(hours=3))
    return seal.signed("pa-1", sign)


def test_a_seal_is_what_was_signed_with_all_its_amendments() -> None:
    seal = a_seal().amended(an_amendment(60), "pa-1", sign).amended(an_amendment(120), "pa-1", sign)
    assert seal.is_intact("pa-1", sign)
    assert (seal.counted_seconds, seal.standing_seconds) == (600, 120)


def test_whatever_is_changed_past_haven_is_seen() -> None:
    seal = a_seal().amended(an_amendment(60), "pa-1", sign).amended(an_amendment(120), "pa-1", sign)
    first, second = seal.amendments
    changed = [
        replace(seal, counted_seconds=700),
        replace(seal, intervals=()),
        replace(seal, seal_time=after(hours=5)),
        replace(seal, amendments=()),
        replace(seal, amendments=(first,)),
        replace(seal, amendments=(second,)),
        replace(seal, amendments=(second, first)),
        replace(seal, amendments=(replace(first, counted_seconds=61), second)),
        replace(seal, amendments=(first, replace(second, amender_id="f-2"))),
        replace(seal, amendments=(first, replace(second, reason=AmendReason.CLERICAL))),
    ]
    assert [each.is_intact("pa-1", sign) for each in changed] == [False] * len(changed)
    assert not seal.is_intact("pa-2", sign), "another one's seal"


def test_an_amendment_does_not_make_true_what_somebody_wrote_past_haven() -> None:
    changed = replace(a_seal(), counted_seconds=9000)
    with pytest.raises(FailedPrecondition) as refusal:
        changed.amended(an_amendment(), "pa-1", sign)
    assert refusal.value.reason == "ATTENDANCE_NOT_INTACT"


@pytest.fixture
def ward() -> Ward:
    """A patient was in the room for twenty minutes, and the session is over."""
    ward = Ward()
    ward.opens()
    ward.enters(by_patient(), "c-1")
    for _ in range(120):
        ward.pass_time(seconds=10)
        ward.beats(by_patient(), "c-1")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    return ward


def seen(ward: Ward, patient_id: str = "p-1") -> AttendanceView:
    return ward.sessions.queries.attendance(by_facilitator(), GetAttendance("s-1", patient_id))


def amends(ward: Ward, seconds: int, *, by: str = "f-1", role: Role = Role.CLINICIAN) -> None:
    command = AmendAttendance("s-1", "p-1", seconds, REASON)
    ward.sessions.attendances.amend(a_call(by, role), command)


def test_minutes_are_sealed_once_when_the_session_is_over(ward: Ward) -> None:
    ward.rings()
    first = seen(ward).participant.seal
    ward.pass_time(minutes=5)
    ward.rings()

    view = seen(ward)
    assert first is not None
    assert view.participant.seal == first
    assert (view.counted_seconds, view.is_intact) == (1200, True)


def test_other_rules_do_not_change_what_was_sealed(ward: Ward) -> None:
    ward.rings()
    ward.numbers["heartbeat_seconds"] = 1.0
    ward.numbers["silence_seconds"] = 3.0
    assert seen(ward).counted_seconds == 1200


def test_an_amendment_says_who_when_and_why_and_is_told_to_others(ward: Ward) -> None:
    ward.rings()
    amends(ward, 3600)

    shown = answers.get_attendance(seen(ward)).attendance
    assert (shown.counted_seconds, shown.sealed_seconds, shown.is_intact) == (3600, 1200, True)
    (amendment,) = shown.amendments
    assert (amendment.amender_id, amendment.counted_seconds) == ("f-1", 3600)
    assert ward.store.emitted(sessions.AttendanceRecorded)[-1].counted_seconds == 3600


def test_the_patient_sees_the_amendment_and_not_who_made_it(ward: Ward) -> None:
    ward.rings()
    amends(ward, 3600)
    view = ward.sessions.queries.attendance(by_patient(), GetAttendance("s-1", "p-1"))
    (amendment,) = answers.get_attendance(view).attendance.amendments
    assert (amendment.amender_id, amendment.counted_seconds) == ("", 3600)


def test_who_may_not_amend_changes_nothing(ward: Ward) -> None:
    ward.rings()
    with pytest.raises(PermissionDenied):
        amends(ward, 60, by="f-2")
    amends(ward, 60, by="boss", role=Role.SUPERVISOR)
    assert seen(ward).counted_seconds == 60


def test_minutes_that_are_still_counted_cannot_be_amended(ward: Ward) -> None:
    with pytest.raises(FailedPrecondition, match="still counted") as refusal:
        amends(ward, 60)
    assert refusal.value.reason == "ATTENDANCE_NOT_SEALED"


def test_nobody_gets_more_than_the_session_is_worth(ward: Ward) -> None:
    ward.rings()
    with pytest.raises(InvalidArgument) as refusal:
        amends(ward, 180 * 60 + 1)
    assert [each.field for each in refusal.value.violations] == ["counted_seconds"]


def test_an_amendment_that_says_what_stands_is_refused(ward: Ward) -> None:
    ward.rings()
    with pytest.raises(FailedPrecondition) as refusal:
        amends(ward, 1200)
    assert refusal.value.reason == "ATTENDANCE_UNCHANGED"


def test_a_facilitators_own_place_is_no_attendance(ward: Ward) -> None:
    ward.rings()
    with pytest.raises(NotFound):
        ward.sessions.attendances.amend(by_facilitator(), AmendAttendance("s-1", "f-1", 60, REASON))
