"""What staff may do to keep a room safe, and what it must not do without somebody taking over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidArgument
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.session import Session


class Act(StrEnum):
    """One each."""

    MUTE = "mute"
    UNMUTE = "unmute"
    REMOVE = "remove"
    BAR = "bar"
    UNBAR = "unbar"
    LOCK = "lock"
    UNLOCK = "unlock"


OF_THE_ROOM = frozenset({Act.LOCK, Act.UNLOCK})
SHOWS_OUT = frozenset({Act.REMOVE, Act.BAR})


@dataclass(frozen=True, slots=True)
class Moderation:
    """What was done to somebody, as they and the room's staff hear of it."""

    session_id: str
    act: Act
    alias: str
    # Who is with them from now on.
    contact_id: str = ""


def require_moderated(place: Participant) -> None:
    """Staff is not moderated by staff: a lead is handed over, a seat is taken back."""
    if place.role in STAFF_ROLES:
        raise FailedPrecondition("STAFF_NOT_MODERATED", "that is staff of the room")


def require_contact(act: Act, contact_id: str, *, is_in_need: bool) -> None:
    """Nobody in need is shown out before somebody is named who is with them."""
    if act in SHOWS_OUT and is_in_need and not contact_id:
        raise FailedPrecondition("HANDOVER_REQUIRED", "name who is with the patient from now on")


def moderate(act: Act, session: Session, place: Participant, now: datetime) -> bool:
    """Do it to a participant; True where the others saw them until now and no more."""
    match act:
        case Act.MUTE | Act.UNMUTE:
            place.is_muted = act is Act.MUTE
        case Act.UNBAR:
            session.house = replace(
                session.house, barred_ids=session.house.barred_ids - {place.person_id}
            )
        case Act.BAR | Act.REMOVE:
            if act is Act.BAR:
                barred = session.house.barred_ids | {place.person_id}
                session.house = replace(session.house, barred_ids=barred)
            return place.show_out(now)
        case _:
            raise InvalidArgument("ACT_UNKNOWN", "that is done to a room")
    return False


def shut(session: Session, *, is_locked: bool) -> bool:
    """Let nobody new in, or again; True where that is news."""
    was_locked, session.house = session.house.is_locked, replace(session.house, is_locked=is_locked)
    return was_locked != is_locked
