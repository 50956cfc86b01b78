"""Who may enter, in one order of checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, HavenError, NotFound, PermissionDenied, Unavailable
from services.sessions.domain.aid import AIDS, WORRYING
from services.sessions.domain.coverage import Coverage
from services.sessions.domain.door import (
    Standing,
    admit_patient,
    admit_staff,
    require_place,
)
from services.sessions.domain.group import GroupKind
from services.sessions.domain.lobby import Decision, WaitReason
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


VIRGINIA, NOBODY = Coverage(frozenset({"VA"})), Coverage(frozenset())


def waits(
    session: Session, standing: Standing, minutes: float = 1, coverage: Coverage = VIRGINIA
) -> WaitReason | None:
    return admit_patient(session, standing, coverage, after(minutes=minutes), POLICY)


def refusal(session: Session, standing: Standing, minutes: float = 1) -> HavenError:
    with pytest.raises(HavenError) as error:
        waits(session, standing, minutes)
    return error.value


def test_a_patient_with_everything_in_order_enters_a_started_session() -> None:
    assert waits(a_started_session(), WELCOME) is None


def test_before_the_start_the_patient_waits() -> None:
    assert waits(a_session(), WELCOME, -5) is WaitReason.BEFORE_START


def test_during_a_break_the_door_is_open() -> None:
    session = a_started_session()
    session.pause("f-1", after(minutes=50))
    assert waits(session, WELCOME, 51) is None


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


@pytest.mark.parametrize("how", ["is_present", "is_here"])
def test_a_patient_who_lost_the_connection_is_not_asked_for_the_location_again(how: str) -> None:
    stale = replace(WELCOME, location=a_location(at=after(hours=-5)))
    back = replace(stale, is_present=how == "is_present", is_here=how == "is_here")
    assert waits(a_started_session(), back) is None


def test_an_alias_on_its_way_asks_the_client_to_come_again() -> None:
    error = refusal(a_started_session(), replace(WELCOME, alias=""))
    assert isinstance(error, Unavailable)
    assert error.reason == "ALIAS_PENDING"


ELSEWHERE = replace(WELCOME, location=a_location("MD"))


@pytest.mark.parametrize("is_present", [False, True])
def test_a_patient_in_a_state_without_a_licensed_facilitator_is_never_silently_served(
    is_present: bool,
) -> None:
    standing = replace(ELSEWHERE, is_present=is_present, was_inside=is_present)
    assert waits(a_started_session(), standing) is WaitReason.HELD_FOR_LICENSE


def test_a_patient_whom_nobody_may_treat_hears_it_before_the_start() -> None:
    assert waits(a_session(), ELSEWHERE, -5) is WaitReason.HELD_FOR_LICENSE


def test_nobody_enters_an_open_room_that_nobody_leads() -> None:
    session = a_started_session()
    assert waits(session, WELCOME, coverage=NOBODY) is WaitReason.HELD_FOR_LEAD
    assert waits(session, replace(WELCOME, was_inside=True), coverage=NOBODY)


def test_who_loses_the_connection_while_the_lead_is_away_comes_back_to_the_others() -> None:
    standing = replace(WELCOME, is_present=True, was_inside=True)
    assert waits(a_started_session(), standing, coverage=NOBODY) is None


def test_a_word_of_a_facilitator_makes_nobody_licensed() -> None:
    admitted = replace(ELSEWHERE, decision=Decision.ADMITTED)
    assert waits(a_started_session(), admitted) is WaitReason.HELD_FOR_LICENSE


PROCESS, SKILLS = GroupKind.PROCESS, GroupKind.SKILLS


@pytest.mark.parametrize(
    ("kind", "minutes", "reason"),
    [
        (PROCESS, 5, None),
        (PROCESS, 6, WaitReason.LATE),
        (PROCESS, 15, WaitReason.LATE),
        (SKILLS, 60, None),
        (GroupKind.EDUCATION, 60, None),
        (GroupKind.UNKNOWN, 60, None),
    ],
)
def test_the_kind_of_group_decides_how_late_one_may_come(
    kind: GroupKind, minutes: float, reason: WaitReason | None
) -> None:
    assert waits(a_started_session(group_kind=kind), WELCOME, minutes) is reason


def test_the_door_of_a_process_group_closes() -> None:
    assert refusal(a_started_session(group_kind=PROCESS), WELCOME, 16).reason == "DOOR_CLOSED"


def test_nobody_is_late_for_a_group_that_began_late() -> None:
    session = a_session(group_kind=PROCESS)
    session.start("f-1", after(minutes=12), POLICY)
    assert waits(session, WELCOME, 16) is None


@pytest.mark.parametrize(
    "change",
    [
        {"was_inside": True},
        {"arrive_time": after(minutes=-5)},
        {"decision": Decision.ADMITTED},
    ],
)
def test_who_was_there_in_time_or_is_admitted_is_not_late(change: dict[str, Any]) -> None:
    session = a_started_session(group_kind=PROCESS)
    assert waits(session, replace(WELCOME, **change), 40) is None


def test_who_was_denied_stays_outside() -> None:
    denied = replace(WELCOME, decision=Decision.DENIED, was_inside=True)
    assert refusal(a_started_session(), denied).reason == "ADMISSION_DENIED"


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
        require_place(**{"is_seated": True, "is_barred": False, **change})
    assert error.value.reason == reason


def test_the_contract_tells_every_reason_with_what_would_help() -> None:
    contract = Path(__file__).parents[3] / "protos/haven/sessions/v1/sessions.proto"
    table = [
        line.split() for line in contract.read_text().splitlines() if line.startswith("  //   ")
    ]
    told = {word.rstrip(","): line for line in table for word in line}
    assert {reason: aid.value in told[reason] for reason, aid in AIDS.items()} == dict.fromkeys(
        AIDS, True
    )
    assert AIDS.keys() >= WORRYING
