"""Who may enter a room, checked in one order; each refusal says by its reason what would help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition, NotFound, Unavailable
from services.sessions.domain.coverage import Coverage
from services.sessions.domain.lobby import Decision, WaitReason
from services.sessions.domain.location import Location
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.session import Session, State

# Without these a patient has no place in a group; others, like messaging, do not close the door.
BARRING_SCOPES = frozenset({"treatment", "group_participation"})

# With this one a patient lets a family member in.
FAMILY_SCOPE = "family_participation"


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that the door looks at for one patient."""

    is_seated: bool
    is_barred: bool
    location: Location | None
    alias: str
    # Came in before and lost the connection: was asked for the location at the start.
    is_present: bool = False
    # Staff has shown them out of this session for good.
    is_shut_out: bool = False
    # Was in this room before: a lock is for others.
    is_known: bool = False
    # Asks again on a connection that was in the room.
    is_here: bool = False
    was_inside: bool = False
    # When they first came to the door; None where they have not yet.
    arrive_time: datetime | None = None
    decision: Decision | None = None
    # Without a seat now: gave one back, or was here before.
    was_expected: bool = False

    def is_located(self, now: datetime, max_age_seconds: float) -> bool:
        """True where the attestation may open this door."""
        if self.location is None:
            return False
        was_asked = self.is_present or self.is_here
        return was_asked or self.location.is_fresh(now, max_age_seconds)


def require_seat(session: Session, *, is_seated: bool, was_expected: bool) -> None:
    """Who had one hears what became of it. For everybody else the session does not exist."""
    if is_seated:
        return
    if not was_expected:
        raise NotFound("NOT_FOUND", "no such session")
    require_not_over(session)
    raise FailedPrecondition("SEAT_RELEASED", "there is no seat in this session any more")


def admit_patient(
    session: Session,
    standing: Standing,
    coverage: Coverage,
    now: datetime,
    policy: SessionsPolicy,
) -> WaitReason | None:
    """None to enter, or what they wait for; raises where neither is possible."""
    location = _require_admissible(session, standing, now, policy)
    if not coverage.covers(location.state):
        if coverage.is_led or not session.is_open:
            return WaitReason.HELD_FOR_LICENSE
        if not standing.is_present:
            return WaitReason.HELD_FOR_LEAD
    if not session.is_open:
        return WaitReason.BEFORE_START
    return _late(session, standing, now, policy)


def _require_admissible(
    session: Session, standing: Standing, now: datetime, policy: SessionsPolicy
) -> Location:
    """What nobody present can change; where the patient sits."""
    require_seat(session, is_seated=standing.is_seated, was_expected=standing.was_expected)
    if standing.is_barred:
        raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")
    require_let_in(session, is_shut_out=standing.is_shut_out, is_known=standing.is_known)
    require_lobby(session, now, policy)
    location = standing.location
    if location is None or not standing.is_located(now, policy.location_seconds):
        raise FailedPrecondition("LOCATION_STALE", "attest the location, then come again")
    if not standing.alias:
        raise Unavailable("ALIAS_PENDING", "the alias for this group is on its way")
    if standing.decision is Decision.DENIED:
        raise FailedPrecondition("ADMISSION_DENIED", "a facilitator denied it: call the program")
    return location


def _late(
    session: Session, standing: Standing, now: datetime, policy: SessionsPolicy
) -> WaitReason | None:
    """Who was at the door in time, in the room before, or admitted by a facilitator is not late."""
    if standing.was_inside or standing.decision is Decision.ADMITTED:
        return None
    late = session.seconds_late(standing.arrive_time or now)
    rule = policy.late_rule(session.schedule.group_kind)
    if late > rule.close_seconds:
        raise FailedPrecondition("DOOR_CLOSED", "too late for this group: call the program")
    return WaitReason.LATE if late > rule.ask_seconds else None


def require_let_in(session: Session, *, is_shut_out: bool, is_known: bool) -> None:
    """Not barred; and not new, where the room is locked."""
    if is_shut_out:
        raise FailedPrecondition("BARRED", "was barred from this session")
    if session.house.is_locked and not is_known:
        raise FailedPrecondition("ROOM_LOCKED", "staff lets nobody new in at the moment")


def admit_staff(session: Session, person_id: str, now: datetime, policy: SessionsPolicy) -> None:
    """Who leads the session, or helps to, may be there before the patients."""
    session.require_staff(person_id)
    require_lobby(session, now, policy)
    if person_id == session.schedule.facilitator_id and not session.states_of(person_id):
        raise FailedPrecondition(
            "LICENSE_STATE_MISMATCH", "the facilitator holds no license in any state"
        )


def require_not_over(session: Session) -> None:
    """Somebody can still come."""
    if session.is_over:
        raise FailedPrecondition(f"SESSION_{session.state.name}", "the session is over")


def require_lobby(session: Session, now: datetime, policy: SessionsPolicy) -> None:
    """The room is open, or it is time to wait for it."""
    require_not_over(session)
    opens = session.schedule.start_time - timedelta(seconds=policy.lobby_seconds)
    if session.state is State.SCHEDULED and now < opens:
        raise FailedPrecondition("SESSION_NOT_STARTED", "the lobby is not open yet")


def require_place(*, is_seated: bool, is_barred: bool) -> None:
    """Looked at again with each heartbeat."""
    if not is_seated:
        raise FailedPrecondition("SEAT_RELEASED", "there is no seat in this session any more")
    if is_barred:
        raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")
