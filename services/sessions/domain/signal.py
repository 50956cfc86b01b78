"""The private call for help, and what the person who pressed may rely on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.sessions.domain.case import Case, Help
from services.sessions.domain.events import LocationAttested, Origin, SafetySignalRaised


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is pressed: by whom, for whom, where."""

    signal_id: str
    patient_id: str
    raised_by: str
    origin: Origin
    session_id: str = ""

    def in_session(self, session_id: str) -> Alarm:
        """The same alarm, from the room that was really found."""
        return replace(self, session_id=session_id)


@dataclass(slots=True)
class SafetySignal:
    """Raised once; its help follows the case that covers it."""

    alarm: Alarm
    raise_time: datetime
    location_id: str = ""
    help: Help = Help.NOBODY_YET
    holder_role: str = ""
    contact_time: datetime | None = None
    # Those who are told of each change: who pressed, and the room's facilitator.
    recipient_ids: tuple[str, ...] = ()
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The fact's one key on every path."""
        return self.alarm.signal_id

    @property
    def patient_id(self) -> str:
        """Who may be in danger."""
        return self.alarm.patient_id

    @property
    def is_resolved(self) -> bool:
        """True once its case ended."""
        return self.help is Help.RESOLVED

    @property
    def is_answered(self) -> bool:
        """True once somebody reached the patient, or its case ended."""
        return self.is_resolved or self.contact_time is not None

    def is_deserted(self, leave_time: datetime, watch_seconds: float) -> bool:
        """True where the patient goes while nobody has reached them, so soon after the signal."""
        watch_end = self.raise_time + timedelta(seconds=watch_seconds)
        return not self.is_answered and leave_time <= watch_end

    def follow(self, case: Case) -> bool:
        """Show what the case says; True where that is news."""
        before = (self.help, self.holder_role, self.contact_time)
        self.help, self.holder_role = case.help, case.told_role
        if case.contact_time is not None and case.contact_time >= self.raise_time:
            self.contact_time = case.contact_time
        return before != (self.help, self.holder_role, self.contact_time)


def raised(
    alarm: Alarm,
    now: datetime,
    *,
    location: LocationAttested | None,
    recipient_ids: tuple[str, ...],
) -> SafetySignal:
    """The signal, from the instant it is pressed, with the place that helpers need at once."""
    location_id = location.location_id if location else ""
    signal = SafetySignal(alarm, now, location_id=location_id, recipient_ids=recipient_ids)
    signal.events.append(
        SafetySignalRaised(
            alarm.signal_id,
            alarm.session_id,
            alarm.patient_id,
            alarm.origin,
            location,
            now,
        )
    )
    return signal
