"""A drill: the platform calls for help in a tenant of its own, and looks whether help comes.

The call is made where a patient's is: sessions raises the signal, and crisis must hear of it.

RUNNING --every step reached in time--> PASSED
   |
   `--its time is over--> LATE --its case is closed--> FAILED
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.crisis.domain.events import DrillStarted
from services.crisis.domain.signal import Severity, Signal, Source

REVIEWER = "drill-reviewer"  # the second person that a case of high severity needs
DISPOSITION = "no_immediate_risk"
CONTACT_METHOD = "phone"


class Step(StrEnum):
    """How far help came, measured from the signal."""

    # The signal that sessions raised has its case.
    HEARD = "heard"
    # A provider took the page, and crisis knows it.
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"


class DrillState(StrEnum):
    """Where a drill stands; the last two are for ever."""

    RUNNING = "running"
    # Too late already, its case still open.
    LATE = "late"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(slots=True)
class Drill:
    """One try of the whole way. Its id is also its signal's, and its patient's, who is nobody."""

    id: str
    start_time: datetime
    deadline: datetime
    case_id: str = ""
    state: DrillState = DrillState.RUNNING
    reached: Mapping[Step, datetime] = field(default_factory=dict)
    end_time: datetime | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    @classmethod
    def start(cls, id: str, now: datetime, deadline: datetime) -> Drill:
        """A new one; its signal is to be raised."""
        drill = cls(id, now, deadline)
        drill.events.append(DrillStarted(id, now, deadline))
        return drill

    @property
    def is_running(self) -> bool:
        """True until its case is closed."""
        return self.state in {DrillState.RUNNING, DrillState.LATE}

    def signal(self) -> Signal:
        """The call for help, the same fact as the one that sessions raises."""
        return Signal(
            fact_id=self.id,
            patient_id=self.id,
            source=Source.DRILL,
            severity=Severity.HIGH,
            reporter_id="service:crisis",
        )

    def open(self, case_id: str) -> None:
        """The signal has its case, by whomever it was brought."""
        self.case_id = case_id

    def expire(self, now: datetime) -> bool:
        """True where its time is over as of this call: help did not come."""
        if self.state is not DrillState.RUNNING or now < self.deadline:
            return False
        self.state = DrillState.LATE
        return True

    def end(self, reached: Mapping[Step, datetime], now: datetime) -> None:
        """Its case is closed; passed where every step was reached before its time was over."""
        self.reached, self.end_time = dict(reached), now
        is_whole = set(reached) == set(Step)
        in_time = self.state is DrillState.RUNNING and now <= self.deadline
        self.state = DrillState.PASSED if is_whole and in_time else DrillState.FAILED
