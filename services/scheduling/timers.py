"""What scheduling does when time passes: a session whose time is over ends, and with the last one
its series and the enrollments in it."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from services.scheduling.bootstrap import Scheduling


def due_work(scheduling: Scheduling) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    end = scheduling.sessions.end_when_over
    return [DueWork("session-end", "sessions", "due_time", end)]
