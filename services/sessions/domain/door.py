"""Who may enter a room, checked in one order; each refusal says by its reason what would help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition, NotFound, Unavailable
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

    def is_located(self, now: datetime, max_age_seconds: float) -> bool:
        """True where the attestation may open this door."""
        if self.location is None:
            return False
        return self.is_present or self.location.is_fresh(now, max_age_seconds)


def admit_patient(
    session: Session, standing: Standing, now: datetime, policy: SessionsPolicy
) -> bool:
    """True to enter, False to wait for the start; raises where neither is possible."""
    if not standing.is_seated:
        raise NotFound("NOT_FOUND", "no such session")
    if standing.is_barred:
        raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")
    require_let_in(session, is_shut_out=standing.is_shut_out, is_known=standing.is_known)
    require_lobby(session, now, policy)
    location = standing.location
    if location is None or not standing.is_located(now, policy.location_seconds):
        raise FailedPrecondition("LOCATION_STALE", "attest the location, then come again")
    if not standing.alias:
        raise Unavailable("ALIAS_PENDING", "the alias for this group is on its way")
    if location.state not in session.schedule.facilitator_states:
        raise FailedPrecondition(
            "LICENSE_STATE_MISMATCH", "the facilitator holds no license in the attested state"
        )
    return session.is_open


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


def require_place(standing: Standing, *, in_need: bool) -> None:
    """Looked at again with each heartbeat; nobody with an unresolved safety signal is shown out."""
    if in_need:
        return
    if not standing.is_seated:
        raise FailedPrecondition("SEAT_RELEASED", "there is no seat in this session any more")
    if standing.is_barred:
        raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")
