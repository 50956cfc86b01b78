"""Who may enter, in one order of checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.errors import FailedPrecondition, HavenError, NotFound, PermissionDenied, Unavailable
from services.sessions.domain.door import (
    Standing,
    admit_patient,
    admit_staff,
    require_place,
)
from services.sessions.domain.session import Session
from tests.unit.sessions.builders import (
    NOON,
    POLICY,
    a_location,
    a_session,
    a_started_session,
    after,
)

WELCOME = Standing(is_seated=True, is_barred=False, location=a_location(), alias="Blue Heron 4")


def refusal(session: Session, standing: Standing, minutes: float = 1) -> HavenError:
    with pytest.raises(HavenError) as error:
        admit_patient(session, standing, after(minutes=minutes), POLICY)
    return error.value


def test_a_patient_with_everything_in_order_enters_a_started_session() -> None:
    assert admit_patient(a_started_session(), WELCOME, after(minutes=1), POLICY)


def test_before_the_start_the_patient_waits() -> None:
    assert not admit_patient(a_session(), WELCOME, after(minutes=-5), POLICY)


def test_during_a_break_the_door_is_open() -> None:
    session = a_started_session()
    session.pause("f-1", after(minutes=50))
    assert admit_patient(session, WELCOME, after(minutes=51), POLICY)


def test_for_a_stranger_the_session_does_not_exist() -> None:
    error = refusal(a_started_session(), replace(WELCOME, is_seated=False, is_barred=True))
    assert isinstance(error, NotFound)


def test_a_revoked_consent_closes_the_door() -> None:
    error = refusal(a_started_session(), replace(WELCOME, is_barred=True, location=None))
    assert error.reason == "CONSENT_REVOKED"


def test_after_the_end_nobody_enters() -> None:
    session = a_started_session()
    session.end("f-1", after(minutes=10))
    assert refusal(session, WELCOME, 11).reason == "SESSION_ENDED"


def test_long_before_the_start_there_is_no_lobby_yet() -> None:
    assert refusal(a_session(), WELCOME, -16).reason == "SESSION_NOT_STARTED"


@pytest.mark.parametrize("location", [None, a_location(at=after(hours=-5))])
def test_without_a_fresh_location_nobody_enters(location: object) -> None:
    standing = replace(WELCOME, location=location)
    assert refusal(a_started_session(), standing).reason == "LOCATION_STALE"


def test_a_patient_who_lost_the_connection_is_not_asked_for_the_location_again() -> None:
    stale = replace(WELCOME, location=a_location(at=after(hours=-5)))
    assert admit_patient(
        a_started_session(), replace(stale, is_present=True), after(minutes=1), POLICY
    )


def test_an_alias_on_its_way_asks_the_client_to_come_again() -> None:
    error = refusal(a_started_session(), replace(WELCOME, alias=""))
    assert isinstance(error, Unavailable)
    assert error.reason == "ALIAS_PENDING"


def test_a_patient_in_a_state_without_a_licensed_facilitator_is_never_silently_served() -> None:
    error = refusal(a_started_session(), replace(WELCOME, location=a_location("MD")))
    assert isinstance(error, FailedPrecondition)
    assert error.reason == "LICENSE_STATE_MISMATCH"


def test_the_checks_come_before_the_wait_so_that_a_patient_can_mend_them_in_time() -> None:
    assert refusal(a_session(), replace(WELCOME, location=None), -5).reason == "LOCATION_STALE"


def test_only_the_sessions_own_facilitator_leads() -> None:
    with pytest.raises(PermissionDenied):
        admit_staff(a_session(), "f-2", NOON, POLICY)


def test_the_facilitator_may_be_there_before_the_start() -> None:
    admit_staff(a_session(), "f-1", after(minutes=-5), POLICY)


def test_an_unlicensed_facilitator_does_not_enter() -> None:
    with pytest.raises(FailedPrecondition) as error:
        admit_staff(a_session(facilitator_states=frozenset()), "f-1", NOON, POLICY)
    assert error.value.reason == "LICENSE_STATE_MISMATCH"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"is_seated": False}, "SEAT_RELEASED"), ({"is_barred": True}, "CONSENT_REVOKED")],
)
def test_who_lost_the_right_to_be_here_is_shown_out(change: dict[str, bool], reason: str) -> None:
    with pytest.raises(FailedPrecondition) as error:
        require_place(replace(WELCOME, **change), in_need=False)
    assert error.value.reason == reason


def test_nobody_who_called_for_help_is_shown_out() -> None:
    require_place(replace(WELCOME, is_seated=False, is_barred=True), in_need=True)
