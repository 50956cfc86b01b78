"""What scheduling listens to. The handlers are the consumers that direct delivery uses too."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import events_pb2 as live

from chassis.call import Call
from chassis.subscribe import Core, subscribe


class Subscriptions:
    """One queue, one method, one use case."""

    name = "scheduling"
    core = Core()

    @subscribe(intake.PatientAdmitted)
    def on_patient_admitted(self, call: Call, event: Any) -> None:
        """A patient may be enrolled, and sits in this state."""
        self.core.consumers[intake.PatientAdmitted](call, event)

    @subscribe(intake.CarePlanActivated)
    def on_care_plan_activated(self, call: Call, event: Any) -> None:
        """A plan asks for a dose."""
        self.core.consumers[intake.CarePlanActivated](call, event)

    @subscribe(intake.LocationRecorded)
    def on_location_recorded(self, call: Call, event: Any) -> None:
        """The program was told that a patient sits elsewhere: days before they are at a door."""
        self.core.consumers[intake.LocationRecorded](call, event)

    @subscribe(live.LocationAttested)
    def on_location_attested(self, call: Call, event: Any) -> None:
        """A patient sits elsewhere: sessions ahead are judged anew."""
        self.core.consumers[live.LocationAttested](call, event)

    @subscribe(live.SessionStarted)
    def on_session_started(self, call: Call, event: Any) -> None:
        """A room has opened: its session cannot be canceled any more."""
        self.core.consumers[live.SessionStarted](call, event)

    @subscribe(live.AttendanceRecorded)
    def on_attendance_recorded(self, call: Call, event: Any) -> None:
        """Counted time: the week's dose."""
        self.core.consumers[live.AttendanceRecorded](call, event)
