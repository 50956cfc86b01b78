"""What intake listens to. The handlers are the consumers that direct delivery uses too."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import events_pb2 as crisis
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from chassis.subscribe import Core, subscribe


class Subscriptions:
    """One queue, one method, one use case."""

    name = "intake"
    core = Core()

    @subscribe(scheduling.SeriesEnrolled)
    def on_series_enrolled(self, call: Call, event: Any) -> None:
        """A patient has a seat: a name for the group."""
        self.core.consumers[scheduling.SeriesEnrolled](call, event)

    @subscribe(scheduling.SessionScheduled)
    def on_session_scheduled(self, call: Call, event: Any) -> None:
        """Patients are booked into one session: names for its group."""
        self.core.consumers[scheduling.SessionScheduled](call, event)

    @subscribe(sessions.AttendanceRecorded)
    def on_attendance_recorded(self, call: Call, event: Any) -> None:
        """Counted time of a session."""
        self.core.consumers[sessions.AttendanceRecorded](call, event)

    @subscribe(sessions.PatientAbsent)
    def on_patient_absent(self, call: Call, event: Any) -> None:
        """A session not joined in time."""
        self.core.consumers[sessions.PatientAbsent](call, event)

    @subscribe(crisis.CaseOpened)
    def on_case_opened(self, call: Call, event: Any) -> None:
        """A crisis case began."""
        self.core.consumers[crisis.CaseOpened](call, event)

    @subscribe(crisis.CaseEscalated)
    def on_case_escalated(self, call: Call, event: Any) -> None:
        """Nobody took the case in time."""
        self.core.consumers[crisis.CaseEscalated](call, event)

    @subscribe(crisis.CaseAcknowledged)
    def on_case_acknowledged(self, call: Call, event: Any) -> None:
        """Somebody has the case."""
        self.core.consumers[crisis.CaseAcknowledged](call, event)

    @subscribe(crisis.CaseResolved)
    def on_case_resolved(self, call: Call, event: Any) -> None:
        """The case is over."""
        self.core.consumers[crisis.CaseResolved](call, event)

    @subscribe(crisis.DrillForgotten)
    def on_drill_forgotten(self, call: Call, event: Any) -> None:
        """A drill was kept for long enough."""
        self.core.consumers[crisis.DrillForgotten](call, event)
