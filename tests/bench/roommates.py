"""Rooms of twelve whose doors are open: what others would have told sessions is put in at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from chassis.call import system_call
from chassis.ids import new_id
from chassis.store import Tx
from cli.environment import TENANTS_FILE
from services.scheduling.domain.session import Session as PlannedSession
from services.scheduling.domain.session import SessionState
from services.scheduling.domain.span import Span
from services.scheduling.store.programs import Sessions as Planned
from services.sessions.domain.copies import AliasGiven, ConsentGiven, SeatChange
from services.sessions.domain.door import BARRING_SCOPES
from services.sessions.domain.location import Location
from services.sessions.domain.log import RoomEventKind, of_room
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.session import Schedule, scheduled
from services.sessions.ports import Records
from services.sessions.store import records
from tests.bench.people import cipher_of
from tests.bench.platform import TENANT, Platform, platform

SEATS = 12  # one facilitator and the patients
STATE, MINUTES = "VA", 180
PLANNED_TOGETHER = 50
# The developer's waiting times are seconds; a room in use has the defaults. Nobody is held back
# for writing too fast: at saturation it is the machine that says how fast. A room whose people have
# all gone is not ended, because they come again, and nobody is called to lead it.
HASTY = "[tenants.riverbend.sessions]\nabsent_seconds = 5\nrecord_seconds = 5\n"
USUAL = """[tenants.riverbend.sessions]
chat_burst = 100000
chat_per_second = 100000.0
frame_burst = 100000
frames_per_second = 100000.0
hold_call_seconds = 3600
"""


@dataclass(frozen=True, slots=True)
class Room:
    """A session that has begun, and who has a place in it."""

    session_id: str
    facilitator_id: str
    patient_ids: tuple[str, ...]


@contextmanager
def house() -> Iterator[Platform]:
    """The whole platform, with a tenant whose rooms are paced by nothing but the machine."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tenants.toml"
        file.write_text(tenants_with(USUAL), encoding="utf-8")
        with platform(HAVEN_TENANTS_FILE=str(file)) as running:
            yield running


def tenants_with(numbers: str) -> str:
    """The developer's tenants, with these numbers for the live rooms of the first."""
    text = TENANTS_FILE.read_text(encoding="utf-8")
    assert HASTY in text, f"{TENANTS_FILE.name} says something else about riverbend's sessions"
    return text.replace(HASTY, numbers)


def rooms(running: Platform, count: int, *, seats: int = SEATS) -> list[Room]:
    """So many open rooms: seats, aliases, consents and locations of everybody, and the start."""
    store = running.store("sessions")
    call, kept = system_call(TENANT, service="sessions", action="bench.open"), records(store)
    with cipher_of(running) as cipher:
        sealed = cipher.encrypt(TENANT, "12 Elm Street"), cipher.encrypt(TENANT, "+15550100")
    made = [
        Room(new_id(), new_id(), tuple(new_id() for _ in range(seats - 1))) for _ in range(count)
    ]
    for room in made:

        def open_(tx: Tx, room: Room = room) -> None:
            _schedule(tx, kept, room)
            for number, patient_id in enumerate(room.patient_ids, start=1):
                _seat(tx, kept, room, patient_id, f"Alias {number}")
                kept.locations.add(tx, Location(new_id(), patient_id, STATE, *sealed, tx.now))

        store.transact(call, open_)
    _plan(running, made)
    return made


def _plan(running: Platform, made: Sequence[Room]) -> None:
    """As scheduling has them: it takes over everybody's minutes while they run."""
    store = running.store("scheduling")
    call, planned = system_call(TENANT, service="scheduling", action="bench.plan"), Planned(store)
    for first in range(0, len(made), PLANNED_TOGETHER):

        def plan(tx: Tx, some: Sequence[Room] = made[first : first + PLANNED_TOGETHER]) -> None:
            planned.insert_all(tx, [_planned(tx, each) for each in some])

        store.transact(call, plan)


def _planned(tx: Tx, room: Room) -> PlannedSession:
    return PlannedSession(
        id=room.session_id,
        group_id=room.session_id,
        series_id=room.session_id,
        facilitator_id=room.facilitator_id,
        facilitator_states=(STATE,),
        span=Span(tx.now, tx.now + timedelta(minutes=MINUTES)),
        time_zone="America/New_York",
        local_date=tx.now.date(),
        counted_minutes=MINUTES,
        break_minutes=0,
        capacity=SEATS,
        is_part2_protected=False,
        state=SessionState.STARTED,
    )


def _schedule(tx: Tx, kept: Records, room: Room) -> None:
    schedule = Schedule(
        session_id=room.session_id,
        group_id=room.session_id,
        facilitator_id=room.facilitator_id,
        patient_ids=frozenset(),
        start_time=tx.now,
        end_time=tx.now + timedelta(minutes=MINUTES),
        counted_minutes=MINUTES,
        facilitator_states=frozenset({STATE}),
    )
    policy = SessionsPolicy()
    session = scheduled(schedule, 1, policy)
    session.start(room.facilitator_id, tx.now, policy)
    session.events.clear()  # scheduling knows nothing of it
    session.absence_time = None  # they come when they are called, and nobody is missed
    kept.sessions.put(tx, session)
    kept.room_log.append(tx, room.session_id, of_room(RoomEventKind.SESSION_STARTED, tx.now))


def _seat(tx: Tx, kept: Records, room: Room, patient_id: str, alias: str) -> None:
    """As SeriesEnrolled, AliasAssigned and ConsentRecorded leave it."""
    kept.copies.change_seats(tx, SeatChange(new_id(), patient_id, held=(room.session_id,)), 1)
    kept.copies.give_alias(tx, AliasGiven(patient_id, room.session_id, alias), 1)
    for scope in sorted(BARRING_SCOPES):
        kept.copies.give_consent(tx, ConsentGiven(patient_id, scope), 1)
