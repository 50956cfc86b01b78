"""What sessions listens to. The handlers are the consumers that direct delivery uses too."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.scheduling.v1 import events_pb2 as scheduling_pb2

from chassis.call import Call
from chassis.subscribe import Core, subscribe


class Subscriptions:
    """One queue, one method, one use case."""

    name = "sessions"
    core = Core()

    @subscribe(scheduling_pb2.SessionScheduled)
    def on_session_scheduled(self, call: Call, event: Any) -> None:
        """A session exists or changed: so does its room."""
        self.core.consumers[scheduling_pb2.SessionScheduled](call, event)

    @subscribe(scheduling_pb2.SeriesEnrolled)
    def on_series_enrolled(self, call: Call, event: Any) -> None:
        """A patient has seats in a series."""
        self.core.consumers[scheduling_pb2.SeriesEnrolled](call, event)

    @subscribe(scheduling_pb2.SeatReleased)
    def on_seat_released(self, call: Call, event: Any) -> None:
        """A patient gave seats back."""
        self.core.consumers[scheduling_pb2.SeatReleased](call, event)

    @subscribe(intake_pb2.AliasAssigned)
    def on_alias_assigned(self, call: Call, event: Any) -> None:
        """A patient has a name for a group."""
        self.core.consumers[intake_pb2.AliasAssigned](call, event)

    @subscribe(intake_pb2.ConsentRecorded)
    def on_consent_recorded(self, call: Call, event: Any) -> None:
        """A patient signed a consent: doors that its loss had closed open."""
        self.core.consumers[intake_pb2.ConsentRecorded](call, event)

    @subscribe(intake_pb2.ConsentRevoked)
    def on_consent_revoked(self, call: Call, event: Any) -> None:
        """A patient took a consent back: doors close."""
        self.core.consumers[intake_pb2.ConsentRevoked](call, event)

    @subscribe(intake_pb2.PatientContactRecorded)
    def on_patient_contact_recorded(self, call: Call, event: Any) -> None:
        """A patient's time zone is known: what is due is due there."""
        self.core.consumers[intake_pb2.PatientContactRecorded](call, event)

    @subscribe(crisis_pb2.DrillStarted)
    def on_drill_started(self, call: Call, event: Any) -> None:
        """The platform tries itself: raise the signal as a patient's."""
        self.core.consumers[crisis_pb2.DrillStarted](call, event)

    @subscribe(crisis_pb2.CaseOpened)
    def on_case_opened(self, call: Call, event: Any) -> None:
        """A signal has a case: tell who pressed."""
        self.core.consumers[crisis_pb2.CaseOpened](call, event)

    @subscribe(crisis_pb2.CaseEscalated)
    def on_case_escalated(self, call: Call, event: Any) -> None:
        """Nobody has it: tell who pressed, with a number to call."""
        self.core.consumers[crisis_pb2.CaseEscalated](call, event)

    @subscribe(crisis_pb2.CaseAcknowledged)
    def on_case_acknowledged(self, call: Call, event: Any) -> None:
        """Somebody has it: tell who pressed."""
        self.core.consumers[crisis_pb2.CaseAcknowledged](call, event)

    @subscribe(crisis_pb2.CaseContacted)
    def on_case_contacted(self, call: Call, event: Any) -> None:
        """Somebody reached the patient: tell who pressed."""
        self.core.consumers[crisis_pb2.CaseContacted](call, event)

    @subscribe(crisis_pb2.CaseResolved)
    def on_case_resolved(self, call: Call, event: Any) -> None:
        """It is over: tell who pressed."""
        self.core.consumers[crisis_pb2.CaseResolved](call, event)

    @subscribe(crisis_pb2.DrillForgotten)
    def on_drill_forgotten(self, call: Call, event: Any) -> None:
        """A drill was kept for long enough."""
        self.core.consumers[crisis_pb2.DrillForgotten](call, event)
