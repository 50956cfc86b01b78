"""What crisis listens to. The handlers are the consumers that direct delivery uses too."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.subscribe import Core, subscribe


class Subscriptions:
    """One queue, one method, one use case."""

    name = "crisis"
    core = Core()

    @subscribe(intake_pb2.RiskRaised)
    def on_risk_raised(self, call: Call, event: Any) -> None:
        """Answers that worry: open or join the patient's case."""
        self.core.consumers[intake_pb2.RiskRaised](call, event)

    @subscribe(sessions_pb2.SafetySignalRaised)
    def on_safety_signal_raised(self, call: Call, event: Any) -> None:
        """A call for help from a live room: open or join the patient's case."""
        self.core.consumers[sessions_pb2.SafetySignalRaised](call, event)

    @subscribe(sessions_pb2.ChatRiskRaised)
    def on_chat_risk_raised(self, call: Call, event: Any) -> None:
        """Words in a live room's chat that worry: open or join the patient's case."""
        self.core.consumers[sessions_pb2.ChatRiskRaised](call, event)

    @subscribe(sessions_pb2.EndangeredPatientLeft)
    def on_endangered_patient_left(self, call: Call, event: Any) -> None:
        """Whoever called for help has gone: wake more people, or open a case."""
        self.core.consumers[sessions_pb2.EndangeredPatientLeft](call, event)

    @subscribe(sessions_pb2.RoomHeld)
    def on_room_held(self, call: Call, event: Any) -> None:
        """A group is without anybody who may treat: call those on duty."""
        self.core.consumers[sessions_pb2.RoomHeld](call, event)

    @subscribe(sessions_pb2.EndangeredPatientAtDoor)
    def on_endangered_patient_at_door(self, call: Call, event: Any) -> None:
        """Somebody who must not be alone is not let into their group: tell their case."""
        self.core.consumers[sessions_pb2.EndangeredPatientAtDoor](call, event)

    @subscribe(sessions_pb2.PatientHeld)
    def on_patient_held(self, call: Call, event: Any) -> None:
        """A patient cannot be served in the group: somebody is in touch with them."""
        self.core.consumers[sessions_pb2.PatientHeld](call, event)

    @subscribe(sessions_pb2.HeldPatientServed)
    def on_held_patient_served(self, call: Call, event: Any) -> None:
        """A patient who was held is in the group: nobody needs to be in touch for that."""
        self.core.consumers[sessions_pb2.HeldPatientServed](call, event)

    @subscribe(sessions_pb2.PatientAbsent)
    def on_patient_absent(self, call: Call, event: Any) -> None:
        """A patient did not come: open or join a case where that worries."""
        self.core.consumers[sessions_pb2.PatientAbsent](call, event)

    @subscribe(sessions_pb2.AbsentPatientCame)
    def on_absent_patient_came(self, call: Call, event: Any) -> None:
        """A patient who had not come is there: nobody needs to call."""
        self.core.consumers[sessions_pb2.AbsentPatientCame](call, event)

    @subscribe(notify_pb2.MessageFailed)
    def on_message_failed(self, call: Call, event: Any) -> None:
        """A page will not arrive: climb if nobody of the rung will hear."""
        self.core.consumers[notify_pb2.MessageFailed](call, event)

    @subscribe(notify_pb2.InboundRiskRaised)
    def on_inbound_risk_raised(self, call: Call, event: Any) -> None:
        """A text that worries: open or join the patient's case."""
        self.core.consumers[notify_pb2.InboundRiskRaised](call, event)

    @subscribe(notify_pb2.InboundReviewRequested)
    def on_inbound_review_requested(self, call: Call, event: Any) -> None:
        """A text that no rule understood: a human is to read it."""
        self.core.consumers[notify_pb2.InboundReviewRequested](call, event)

    @subscribe(notify_pb2.PageAnswered)
    def on_page_answered(self, call: Call, event: Any) -> None:
        """A page was answered from a telephone: take the case, or climb."""
        self.core.consumers[notify_pb2.PageAnswered](call, event)

    @subscribe(notify_pb2.MessageDelivered)
    def on_message_delivered(self, call: Call, event: Any) -> None:
        """A page was handed over: note it on the timeline."""
        self.core.consumers[notify_pb2.MessageDelivered](call, event)

    @subscribe(notify_pb2.StaffReachChanged)
    def on_staff_reach_changed(self, call: Call, event: Any) -> None:
        """Whom of the staff a page can reach: keep it."""
        self.core.consumers[notify_pb2.StaffReachChanged](call, event)

    @subscribe(intake_pb2.ScreeningCompleted)
    def on_screening_completed(self, call: Call, event: Any) -> None:
        """A screening ended: remember how."""
        self.core.consumers[intake_pb2.ScreeningCompleted](call, event)

    @subscribe(intake_pb2.PatientDischarged)
    def on_patient_discharged(self, call: Call, event: Any) -> None:
        """A program is over: plan the contacts that follow."""
        self.core.consumers[intake_pb2.PatientDischarged](call, event)

    @subscribe(intake_pb2.EmergencyContactRecorded)
    def on_emergency_contact_recorded(self, call: Call, event: Any) -> None:
        """Whom to call about a patient: keep the newest."""
        self.core.consumers[intake_pb2.EmergencyContactRecorded](call, event)

    @subscribe(intake_pb2.LocationRecorded)
    def on_location_recorded(self, call: Call, event: Any) -> None:
        """Where a patient sits, as intake recorded it: keep it."""
        self.core.consumers[intake_pb2.LocationRecorded](call, event)

    @subscribe(sessions_pb2.LocationAttested)
    def on_location_attested(self, call: Call, event: Any) -> None:
        """Where a patient says to be: keep it."""
        self.core.consumers[sessions_pb2.LocationAttested](call, event)
