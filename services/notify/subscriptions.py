"""What notify listens to. The handlers are the consumers that direct delivery uses too."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.scheduling.v1 import events_pb2 as scheduling_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.subscribe import Core, subscribe


class Subscriptions:
    """One queue, one method, one use case."""

    name = "notify"
    core = Core()

    @subscribe(crisis_pb2.PageRequested)
    def on_page_requested(self, call: Call, event: Any) -> None:
        """Crisis wants somebody woken: one message per page."""
        self.core.consumers[crisis_pb2.PageRequested](call, event)

    @subscribe(crisis_pb2.CoverageGapFound)
    def on_coverage_gap_found(self, call: Call, event: Any) -> None:
        """Nobody will be on call: tell the supervisors."""
        self.core.consumers[crisis_pb2.CoverageGapFound](call, event)

    @subscribe(crisis_pb2.CoverageGapClosed)
    def on_coverage_gap_closed(self, call: Call, event: Any) -> None:
        """A gap is settled or over: tell the supervisors."""
        self.core.consumers[crisis_pb2.CoverageGapClosed](call, event)

    @subscribe(crisis_pb2.CaseOpened)
    def on_case_opened(self, call: Call, event: Any) -> None:
        """A case exists: know it."""
        self.core.consumers[crisis_pb2.CaseOpened](call, event)

    @subscribe(crisis_pb2.CaseAcknowledged)
    def on_case_acknowledged(self, call: Call, event: Any) -> None:
        """Somebody has a case: its earlier pages are no longer wanted."""
        self.core.consumers[crisis_pb2.CaseAcknowledged](call, event)

    @subscribe(crisis_pb2.CaseResolved)
    def on_case_resolved(self, call: Call, event: Any) -> None:
        """A case is over: its pages are no longer wanted."""
        self.core.consumers[crisis_pb2.CaseResolved](call, event)

    @subscribe(crisis_pb2.DrillForgotten)
    def on_drill_forgotten(self, call: Call, event: Any) -> None:
        """A drill was kept for long enough: remove what it made here."""
        self.core.consumers[crisis_pb2.DrillForgotten](call, event)

    @subscribe(crisis_pb2.PersonRequested)
    def on_person_requested(self, call: Call, event: Any) -> None:
        """A patient waits for a person: tell those on duty."""
        self.core.consumers[crisis_pb2.PersonRequested](call, event)

    @subscribe(crisis_pb2.RoomCoverRequested)
    def on_room_cover_requested(self, call: Call, event: Any) -> None:
        """A group is without anybody who leads it: tell who can come."""
        self.core.consumers[crisis_pb2.RoomCoverRequested](call, event)

    @subscribe(crisis_pb2.FollowUpMissed)
    def on_follow_up_missed(self, call: Call, event: Any) -> None:
        """Something was not done in time: tell whoever looks after it."""
        self.core.consumers[crisis_pb2.FollowUpMissed](call, event)

    @subscribe(intake_pb2.PatientContactRecorded)
    def on_patient_contact_recorded(self, call: Call, event: Any) -> None:
        """How a patient is reached: keep the newest."""
        self.core.consumers[intake_pb2.PatientContactRecorded](call, event)

    @subscribe(intake_pb2.AliasRevealed)
    def on_alias_revealed(self, call: Call, event: Any) -> None:
        """A name was opened: tell those who watch over privacy."""
        self.core.consumers[intake_pb2.AliasRevealed](call, event)

    @subscribe(intake_pb2.ConsentRecorded)
    def on_consent_recorded(self, call: Call, event: Any) -> None:
        """A patient agrees to messages: they may go out again."""
        self.core.consumers[intake_pb2.ConsentRecorded](call, event)

    @subscribe(intake_pb2.ConsentRevoked)
    def on_consent_revoked(self, call: Call, event: Any) -> None:
        """A patient wants no messages: none goes out from now on."""
        self.core.consumers[intake_pb2.ConsentRevoked](call, event)

    @subscribe(sessions_pb2.PatientAbsent)
    def on_patient_absent(self, call: Call, event: Any) -> None:
        """A patient did not come: remind them, discreetly."""
        self.core.consumers[sessions_pb2.PatientAbsent](call, event)

    @subscribe(sessions_pb2.AssignmentReminderRequested)
    def on_assignment_reminder_requested(self, call: Call, event: Any) -> None:
        """A patient has not done what they were given to do: remind them, discreetly."""
        self.core.consumers[sessions_pb2.AssignmentReminderRequested](call, event)

    @subscribe(sessions_pb2.BoardReportOpened)
    def on_board_report_opened(self, call: Call, event: Any) -> None:
        """Somebody of staff must look at something: tell them."""
        self.core.consumers[sessions_pb2.BoardReportOpened](call, event)

    @subscribe(sessions_pb2.BoardReportMissed)
    def on_board_report_missed(self, call: Call, event: Any) -> None:
        """Nobody has looked in time: tell the supervisors."""
        self.core.consumers[sessions_pb2.BoardReportMissed](call, event)

    @subscribe(scheduling_pb2.SessionScheduled)
    def on_session_scheduled(self, call: Call, event: Any) -> None:
        """A session exists, moved or was canceled: its reminders go with it."""
        self.core.consumers[scheduling_pb2.SessionScheduled](call, event)

    @subscribe(scheduling_pb2.SeriesEnrolled)
    def on_series_enrolled(self, call: Call, event: Any) -> None:
        """A patient has seats: to be reminded of each."""
        self.core.consumers[scheduling_pb2.SeriesEnrolled](call, event)

    @subscribe(scheduling_pb2.SeatReleased)
    def on_seat_released(self, call: Call, event: Any) -> None:
        """A patient gave seats back: to be reminded of them no more."""
        self.core.consumers[scheduling_pb2.SeatReleased](call, event)
