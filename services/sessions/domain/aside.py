"""A room for two besides the group's: a live room like any other, of no schedule but its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Schedule, Session, State


@dataclass(frozen=True, slots=True)
class AsideRoom:
    """Who is asked into it, and by whom."""

    session_id: str
    group_session_id: str
    alias: str
    staff_alias: str


def open_aside(
    aside_id: str, group: Session, staff: Participant, patient: Participant, now: datetime
) -> Session:
    """Open from now until the group's room closes. Nothing of it is counted or published: the place
    in the group, which both keep, is what counts."""
    schedule = Schedule(
        session_id=aside_id,
        group_id=group.schedule.group_id,
        facilitator_id=staff.person_id,
        patient_ids=frozenset({patient.person_id}),
        start_time=now,
        end_time=group.schedule.end_time,
        counted_minutes=0,
        facilitator_states=group.states_of(staff.person_id),
    )
    return Session(
        schedule,
        schedule_version=1,
        state=State.STARTED,
        actual_start_time=now,
        close_time=group.close_time,
        group_session_id=group.id,
    )
