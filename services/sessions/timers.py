"""What time brings to live rooms; each use case looks again whether its time has come."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.timers import DueWork
from services.sessions.bootstrap import Sessions
from services.sessions.store import SESSIONS
from services.sessions.store.assignments import ASSIGNMENTS
from services.sessions.store.boards import BOARD_REPORTS, BOARDS
from services.sessions.store.shelves import PARTICIPANTS


def due_work(sessions: Sessions) -> Sequence[DueWork]:
    """Who did not come, rooms that nobody closed or that are over, lost connections, old texts,
    what was not handed in, and what nobody has looked at."""
    rooms, presences = sessions.rooms, sessions.presences
    return [
        DueWork("session-absences", SESSIONS, "absence_time", rooms.look_for_absences),
        DueWork("session-overruns", SESSIONS, "close_time", rooms.close_overrun),
        DueWork("session-seals", SESSIONS, "seal_time", sessions.attendances.seal),
        DueWork("lead-losses", PARTICIPANTS, "reach_time", sessions.leads.look),
        DueWork("held-rooms", SESSIONS, "call_time", sessions.leads.call_somebody),
        DueWork("participant-silences", PARTICIPANTS, "silence_time", presences.hush),
        DueWork("chat-retention", SESSIONS, "chat_look_time", sessions.chats.forget),
        DueWork("assignment-deadlines", ASSIGNMENTS, "look_time", sessions.assignments.look),
        DueWork("board-reports", BOARD_REPORTS, "miss_time", sessions.boards.reports.miss),
        DueWork("board-retention", BOARDS, "look_time", sessions.boards.posts.forget),
    ]
