"""Who of those present may treat where (clinical.md 4.3): never is a patient silently served.

A session is valid if for each patient present somebody is present who is licensed in the state
where that patient sits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.session import Session


@dataclass(frozen=True, slots=True)
class Coverage:
    """The states of everybody who leads here, together."""

    states: frozenset[str]

    @property
    def is_led(self) -> bool:
        """True where somebody with a license is there."""
        return bool(self.states)

    def covers(self, state: str) -> bool:
        """True where somebody there may treat a patient who sits in this state."""
        return state in self.states


def coverage_of(
    session: Session, party: Collection[Participant], now: datetime, policy: SessionsPolicy
) -> Coverage:
    """Of the staff in the room, also while one of them is aside with one patient. Before the start
    of all who are expected, and for a while after it of its lead, who is on the way. Of nobody
    while the room is held."""
    if session.leading.is_held:
        return Coverage(frozenset())
    leading = {each.person_id for each in facilitators(party)}
    if session.actual_start_time is None:
        leading |= session.staff.keys()
    elif _is_lead_expected(session, session.actual_start_time, party, now, policy):
        leading.add(session.lead_id)
    licensed = [session.states_of(person_id) for person_id in leading]
    return Coverage(frozenset().union(*licensed))


def facilitators(party: Iterable[Participant]) -> list[Participant]:
    """The staff in the room."""
    return [each for each in party if each.role in STAFF_ROLES and each.is_present]


def _is_lead_expected(
    session: Session,
    started: datetime,
    party: Iterable[Participant],
    now: datetime,
    policy: SessionsPolicy,
) -> bool:
    """Whoever opened the room is there, though not yet on a stream; one who has gone is not."""
    places = [each for each in party if each.person_id == session.lead_id]
    has_gone = any(each.presence is Presence.GONE for each in places)
    return now <= started + timedelta(seconds=policy.lead_seconds) and not has_gone
