"""What other services reported last about a patient. A newer report replaces an older one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class CaseState(Enum):
    """Where a crisis case stands."""

    OPEN = "open"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(Enum):
    """How severe crisis takes it to be; the worse, the later."""

    UNKNOWN = "unknown"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What one event says of a case; absent where it does not say it."""

    case_id: str
    patient_id: str
    state: CaseState
    severity: Severity = Severity.UNKNOWN
    open_time: datetime | None = None
    resolve_time: datetime | None = None


@dataclass(kw_only=True)
class CaseCopy:
    """A crisis case as far as it was reported, in whatever order the reports came."""

    id: str
    patient_id: str
    is_part2_protected: bool
    state: CaseState = CaseState.OPEN
    aggregate_version: int = -1
    severity: Severity = Severity.UNKNOWN
    open_time: datetime | None = None
    resolve_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Somebody still has to care for it."""
        return self.state is not CaseState.RESOLVED

    def hear(self, report: CaseReport, *, aggregate_version: int) -> None:
        """Take the state of a newer report; what only an older one knows fills a gap."""
        if aggregate_version > self.aggregate_version:
            self.state, self.aggregate_version = report.state, aggregate_version
        # A case only ever gets worse: each further signal that joins it is told as an opening.
        self.severity = max(self.severity, report.severity, key=tuple(Severity).index)
        self.open_time = self.open_time or report.open_time
        self.resolve_time = self.resolve_time or report.resolve_time


@dataclass(frozen=True, slots=True)
class Seats:
    """Who got a seat in which group."""

    group_id: str
    patient_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attendance:
    """Counted time of one patient in one session."""

    session_id: str
    patient_id: str
    counted_seconds: int
    # When this copy was written.
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """A session that the patient did not join in time."""

    session_id: str
    patient_id: str
    notice_time: datetime
