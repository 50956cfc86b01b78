"""A patient whom, in some session ahead, nobody who leads may treat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.scheduling.domain.session import Session


@dataclass(slots=True)
class LicenseConflict:
    """Stays on record; opens and closes with what is true of the sessions ahead."""

    id: str
    patient_id: str
    enrollment_id: str
    state: str = ""
    session_ids: tuple[str, ...] = ()
    facilitator_ids: tuple[str, ...] = ()
    detect_time: datetime | None = None
    resolve_time: datetime | None = None
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    events: list[object] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """True until resolved."""
        return self.detect_time is not None and self.resolve_time is None

    def observe(self, uncovered: Iterable[Session], state: str, now: datetime) -> bool:
        """Hold it against the sessions that nobody covers now; True where anything changed."""
        sessions = tuple(uncovered)
        before = (self.is_open, self.state, self.session_ids, self.facilitator_ids)
        if sessions:
            self._open(sessions, state, now)
        elif self.is_open:
            self.resolve_time = now
        return before != (self.is_open, self.state, self.session_ids, self.facilitator_ids)

    def _open(self, sessions: tuple[Session, ...], state: str, now: datetime) -> None:
        if not self.is_open:
            self.detect_time, self.resolve_time = now, None
        self.state = state
        self.session_ids = tuple(each.id for each in sessions)
        self.facilitator_ids = tuple(sorted({each.facilitator_id for each in sessions}))


def uncovered(sessions: Iterable[Session], state: str) -> tuple[Session, ...]:
    """The sessions whose facilitator may not treat in the state for their whole time."""
    return tuple(each for each in sessions if state not in each.facilitator_states)
