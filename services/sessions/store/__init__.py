"""Where everything is kept: collections, indexes, and the ports' other side."""

from __future__ import annotations

from chassis.store import Index, Store, due_index
from services.sessions.codec import activity_documents, case_documents, documents, entries
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.poll import Poll
from services.sessions.domain.quality import Quality
from services.sessions.ports import Records
from services.sessions.store.assignments import ASSIGNMENTS
from services.sessions.store.boards import BOARD_EVENTS, BOARD_REPORTS, BOARDS
from services.sessions.store.copies import ALIASES, CONSENT_BARS, CONSENTS, SEATS, CopyStore
from services.sessions.store.logs import LogStore
from services.sessions.store.shelves import (
    LOCATIONS,
    PARTICIPANTS,
    LocationStore,
    ParticipantStore,
    ShelfStore,
)
from services.sessions.store.tickets import JOIN_TICKETS, TicketStore
from services.sessions.store.transcripts import TranscriptStore

SESSIONS, SIGNALS, CASES = "sessions", "safety_signals", "cases"
CHAT_RISKS = "chat_risks"
POLLS, MOODS, QUALITIES = "polls", "mood_check_ins", "connection_qualities"
ROOM_LOGS, ROOM_EVENTS = "room_logs", "room_events"
PRIVATE_LOGS, PRIVATE_EVENTS = "private_logs", "private_events"

INDEXES: tuple[Index, ...] = (
    due_index(SESSIONS, "absence_time"),
    due_index(SESSIONS, "close_time"),
    due_index(SESSIONS, "seal_time"),
    due_index(SESSIONS, "chat_look_time"),
    due_index(SESSIONS, "call_time"),
    due_index(PARTICIPANTS, "silence_time"),
    due_index(PARTICIPANTS, "reach_time"),
    due_index(SESSIONS, "unled_time"),
    due_index(PARTICIPANTS, "held_time"),
    Index(PARTICIPANTS, [("tenant_id", 1), ("session_id", 1), ("person_id", 1)], unique=True),
    Index(PARTICIPANTS, [("tenant_id", 1), ("person_id", 1), ("presence", 1)]),
    Index(JOIN_TICKETS, [("tenant_id", 1), ("session_id", 1), ("person_id", 1)]),
    Index(CASES, [("tenant_id", 1), ("patient_id", 1)]),
    Index(LOCATIONS, [("tenant_id", 1), ("patient_id", 1), ("attest_time", -1)]),
    Index(SIGNALS, [("tenant_id", 1), ("raised_by", 1), ("help", 1)]),
    Index(SIGNALS, [("tenant_id", 1), ("patient_id", 1), ("help", 1)]),
    Index(SIGNALS, [("tenant_id", 1), ("session_id", 1), ("help", 1)]),
    Index(CHAT_RISKS, [("tenant_id", 1), ("session_id", 1)]),
    Index(MOODS, [("tenant_id", 1), ("session_id", 1), ("patient_id", 1)]),
    Index(QUALITIES, [("tenant_id", 1), ("session_id", 1)]),
    # One poll at a time.
    Index(POLLS, [("tenant_id", 1), ("session_id", 1)], unique=True, partial={"is_open": True}),
    Index(SEATS, [("tenant_id", 1), ("session_id", 1), ("patient_id", 1)]),
    Index(ALIASES, [("tenant_id", 1), ("group_id", 1), ("patient_id", 1)], unique=True),
    Index(ALIASES, [("tenant_id", 1), ("patient_id", 1)]),
    Index(CONSENT_BARS, [("tenant_id", 1), ("patient_id", 1)]),
    Index(CONSENTS, [("tenant_id", 1), ("patient_id", 1)]),
    due_index(ASSIGNMENTS, "look_time"),
    Index(ASSIGNMENTS, [("tenant_id", 1), ("patient_id", 1), ("due_time", 1)]),
    Index(ASSIGNMENTS, [("tenant_id", 1), ("session_id", 1), ("due_time", 1)]),
    Index(ASSIGNMENTS, [("tenant_id", 1), ("due_time", 1)]),
    Index(ASSIGNMENTS, [("tenant_id", 1), ("is_overdue", 1), ("due_time", 1)]),
    due_index(BOARDS, "look_time"),
    due_index(BOARD_REPORTS, "miss_time"),
    Index(SESSIONS, [("tenant_id", 1), ("group_id", 1), ("start_time", 1)]),
    Index(BOARD_REPORTS, [("tenant_id", 1), ("group_id", 1), ("state", 1), ("due_time", 1)]),
    Index(BOARD_REPORTS, [("tenant_id", 1), ("state", 1), ("due_time", 1)]),
    Index(BOARD_REPORTS, [("tenant_id", 1), ("due_time", 1)]),
    Index(
        BOARD_EVENTS,
        [("tenant_id", 1), ("log_key", 1), ("person_id", 1), ("event_time", 1)],
    ),
    # One number, one event: what makes a log a log.
    Index(ROOM_EVENTS, [("tenant_id", 1), ("log_key", 1), ("number", 1)], unique=True),
    Index(PRIVATE_EVENTS, [("tenant_id", 1), ("log_key", 1), ("number", 1)], unique=True),
    Index(BOARD_EVENTS, [("tenant_id", 1), ("log_key", 1), ("number", 1)], unique=True),
    Index(PRIVATE_EVENTS, [("tenant_id", 1), ("private_word.session_id", 1)]),
)


def records(store: Store) -> Records:
    """Everything that this service keeps, in this store."""
    room_log = _room_log()
    return Records(
        sessions=ShelfStore(
            store,
            SESSIONS,
            to_document=documents.session_document,
            from_document=documents.session_from,
        ),
        signals=ShelfStore(
            store,
            SIGNALS,
            to_document=documents.signal_document,
            from_document=documents.signal_from,
        ),
        cases=ShelfStore(
            store,
            CASES,
            to_document=case_documents.case_document,
            from_document=case_documents.case_from,
        ),
        participants=ParticipantStore(room_log),
        locations=LocationStore(store),
        copies=CopyStore(),
        room_log=room_log,
        private_log=_private_log(),
        chat_risks=ShelfStore(
            store,
            CHAT_RISKS,
            to_document=documents.chat_risk_document,
            from_document=documents.chat_risk_from,
        ),
        transcripts=TranscriptStore(SESSIONS, ROOM_EVENTS, PRIVATE_EVENTS),
        tickets=TicketStore(),
        polls=_polls(store),
        moods=_moods(store),
        qualities=_qualities(store),
    )


def _polls(store: Store) -> ShelfStore[Poll]:
    return ShelfStore(
        store,
        POLLS,
        to_document=activity_documents.poll_document,
        from_document=activity_documents.poll_from,
        on_record=False,
    )


def _moods(store: Store) -> ShelfStore[MoodCheckIn]:
    return ShelfStore(
        store,
        MOODS,
        to_document=activity_documents.mood_document,
        from_document=activity_documents.mood_from,
    )


def _qualities(store: Store) -> ShelfStore[Quality]:
    return ShelfStore(
        store,
        QUALITIES,
        to_document=activity_documents.quality_document,
        from_document=activity_documents.quality_from,
        on_record=False,
    )


def _room_log() -> LogStore[RoomEvent]:
    return LogStore(
        ROOM_LOGS,
        ROOM_EVENTS,
        to_document=entries.room_event_document,
        from_document=entries.room_event_from,
        recall=entries.recalled,
    )


def _private_log() -> LogStore[PrivateEvent]:
    return LogStore(
        PRIVATE_LOGS,
        PRIVATE_EVENTS,
        to_document=entries.private_event_document,
        from_document=entries.private_event_from,
    )
