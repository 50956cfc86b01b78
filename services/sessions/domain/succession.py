"""Who leads a room next: one decision, the same whoever takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from services.sessions.domain.events import RoomHeld
from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.roles import STAFF_ROLES, Role
from services.sessions.domain.session import Session


def successor(
    session: Session, places: Sequence[Participant], states: Collection[str], now: datetime
) -> Participant | None:
    """Of the staff who was just heard in the room and is licensed somewhere: who may treat in most
    of the states where patients sit, and of those the first in scheduling's order."""
    order = list(session.staff)

    def preference(place: Participant) -> tuple[int, int]:
        licensed = session.states_of(place.person_id)
        return sum(each not in licensed for each in states), order.index(place.person_id)

    able = [each for each in places if can_lead(session, each, now)]
    return min(able, key=preference, default=None)


def can_lead(session: Session, place: Participant, now: datetime) -> bool:
    """Has a seat of staff, is there, and is licensed as far as scheduling has said."""
    has_seat = place.person_id in session.staff
    return has_seat and place.is_in_reach(now) and bool(session.states_of(place.person_id))


def lead(session: Session, place: Participant, now: datetime) -> None:
    """This one leads from now on; a hold ends."""
    session.leading = session.leading.taken(place.person_id, now)
    place.role = Role.FACILITATOR


def hold(session: Session, now: datetime) -> None:
    """Nobody can."""
    session.leading = session.leading.lost(now)


def watch(
    session: Session, places: Collection[Participant], now: datetime, policy: SessionsPolicy
) -> None:
    """Look who is in a held room, or at the door of one that is held or that nobody has opened:
    somebody is called when they have been there for a while, and nobody when they have gone. Staff
    often leaves last and ends nothing, and whoever is called for empty rooms does not come when it
    matters."""
    is_anybody, leading = any(map(_needs_a_lead, places)), session.leading
    is_expected = not session.is_open and any(can_lead(session, each, now) for each in places)
    if not is_anybody or is_expected:  # they are there and only have to open it
        session.leading = leading.deserted()
    elif leading.unled_time is None:
        since, call_time = now, now + timedelta(seconds=policy.hold_call_seconds)
        if not session.is_open:
            # Before, whoever leads it is late at most, as a patient is who is not missed yet.
            late = session.schedule.start_time + timedelta(seconds=policy.absent_seconds)
            since, call_time = max(since, late), max(call_time, late)
        session.leading = leading.met(since, call_time)


def call_somebody(
    session: Session, places: Collection[Participant], now: datetime, policy: SessionsPolicy
) -> bool:
    """Somebody is there and nobody leads: others are told; True where they were."""
    leading = session.leading
    # Of a release that kept the latter alone.
    since = leading.unled_time or leading.hold_start_time
    if leading.call_time is None or leading.call_time > now or since is None:
        return False
    watch(session, places, now, policy)
    if session.leading.call_time is None:
        return False
    session.leading = leading.called(now + timedelta(seconds=policy.hold_recall_seconds))
    session.events.append(RoomHeld(session.id, since, tuple(session.staff)))
    return True


def _needs_a_lead(place: Participant) -> bool:
    return place.role not in STAFF_ROLES and (place.is_present or place.is_waiting)
