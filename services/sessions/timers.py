"""What time brings to live rooms, and what can be said at any moment about who is held.

Each use case looks again whether its time has come.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.due_work import DueWork
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from chassis.store import Store
from services.sessions.bootstrap import Sessions
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.store import SESSIONS
from services.sessions.store.assignments import ASSIGNMENTS
from services.sessions.store.boards import BOARD_REPORTS, BOARDS
from services.sessions.store.shelves import PARTICIPANTS

MOST = 1000  # of those held at one moment, counted

log = get_logger(__name__)
Families = tuple[GaugeMetricFamily, GaugeMetricFamily]  # how many, and since when

# Who could not be heard because the database was away is heard with the next heartbeat, if it is
# stored soon.
HEARD_AGAIN = 1.5  # heartbeats
USUAL = SessionsPolicy()


def due_work(sessions: Sessions) -> Sequence[DueWork]:
    """Who did not come, rooms that nobody closed or that are over, lost connections, old texts,
    what was not handed in, and what nobody has looked at."""
    rooms, presences = sessions.rooms, sessions.presences
    return [
        DueWork("session-absences", SESSIONS, "absence_time", rooms.look_for_absences),
        DueWork("session-overruns", SESSIONS, "close_time", rooms.close_overrun),
        DueWork("session-seals", SESSIONS, "seal_time", sessions.attendances.seal),
        DueWork(
            "lead-losses",
            PARTICIPANTS,
            "reach_time",
            sessions.leads.look,
            allowance_seconds=HEARD_AGAIN * USUAL.lead_heartbeat_seconds,
        ),
        DueWork("held-rooms", SESSIONS, "call_time", sessions.leads.call_somebody),
        DueWork(
            "participant-silences",
            PARTICIPANTS,
            "silence_time",
            presences.hush,
            allowance_seconds=HEARD_AGAIN * USUAL.heartbeat_seconds,
        ),
        DueWork("chat-retention", SESSIONS, "chat_look_time", sessions.chats.forget),
        DueWork("assignment-deadlines", ASSIGNMENTS, "look_time", sessions.assignments.look),
        DueWork("board-reports", BOARD_REPORTS, "miss_time", sessions.boards.reports.miss),
        DueWork("board-retention", BOARDS, "look_time", sessions.boards.posts.forget),
    ]


def publish_census(store: Store) -> None:
    """From now on every scrape of this process tells who is held, of all tenants."""
    REGISTRY.register(Census(store))


class Census(Collector):
    """Read at the moment of the scrape, from stored state: no process has to remember."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> list[GaugeMetricFamily]:
        """The metrics without values, so that registering asks no database."""
        return [*_rooms(), *_patients()]

    def collect(self) -> list[GaugeMetricFamily]:
        """The metrics; none while the database is away, which its own alert tells."""
        try:
            return [
                *self._counted(_rooms(), SESSIONS, "unled_time"),
                *self._counted(_patients(), PARTICIPANTS, "held_time"),
            ]
        except HavenError as error:
            log.warning("census.not-taken", **failure(error))
            return []

    def _counted(self, families: Families, collection: str, field: str) -> Families:
        since = [each.time for each in self._store.timetable(collection, field, limit=MOST).due]
        how_many, oldest = families
        how_many.add_metric([], len(since))
        oldest.add_metric([], min(since).timestamp() if since else 0)
        return families


def _rooms() -> Families:
    return (
        GaugeMetricFamily(
            "haven_sessions_held_rooms",
            "Rooms with somebody in or before them, and nobody to lead.",
        ),
        GaugeMetricFamily(
            "haven_sessions_oldest_held_room_timestamp_seconds",
            "Since when the longest of them has been so; 0 = there is none.",
        ),
    )


def _patients() -> Families:
    return (
        GaugeMetricFamily(
            "haven_sessions_held_patients", "Patients at a door behind whom nobody may treat them."
        ),
        GaugeMetricFamily(
            "haven_sessions_oldest_held_patient_timestamp_seconds",
            "Since when the patient is held who has been for longest; 0 = nobody is.",
        ),
    )
