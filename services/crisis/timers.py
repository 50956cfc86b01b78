"""What crisis does when time passes: a case whose deadline has come climbs."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.timers import DueWork
from services.crisis.bootstrap import Crisis
from services.crisis.store import CASES


def due_work(crisis: Crisis) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [DueWork("case-deadlines", CASES, "next_deadline_time", crisis.cases.climb)]
