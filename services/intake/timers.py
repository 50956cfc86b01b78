"""What intake does when time passes: a screening left after a safety item counts as completed."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from services.intake.bootstrap import Intake
from services.intake.store import LEAVE_DEADLINE, SCREENINGS


def due_work(intake: Intake) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [DueWork("screenings-left", SCREENINGS, LEAVE_DEADLINE, intake.screenings.close_left)]
