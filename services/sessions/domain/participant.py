"""Somebody with a place in one session: at the door, in the room, gone, and present how long."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.sessions.domain.events import (
    AbsentPatientCame,
    AttendanceRecorded,
    DepartureKind,
    EndangeredPatientLeft,
    HeldPatientServed,
    LocationAttested,
    PatientAbsent,
)
from services.sessions.domain.ledger import Interval, Ledger, counted_seconds
from services.sessions.domain.lobby import Decision, DoorRecord, WaitReason
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.presence import Departure, Presence, Voice
from services.sessions.domain.roles import STAFF_ROLES, TAKEN_BY_MUTE, Right, Role, may
from services.sessions.domain.seal import Amendment, Seal, Sign
from services.sessions.domain.session import Session


@dataclass(slots=True)
class Participant:
    """One person's place in one session; survives connections and replicas."""

    id: str
    session_id: str
    person_id: str
    role: Role
    alias: str = ""
    presence: Presence = Presence.EXPECTED
    connection_id: str = ""
    arrive_time: datetime | None = None
    absence_notice_time: datetime | None = None
    # Due: the last connection has been silent for too long. None = nothing to do.
    silence_time: datetime | None = None
    # The room's event that raised their hand; 0 = it is down.
    hand_number: int = 0
    # Due: staff, until when they can be relied on to lead. Sooner than a silence: a room without
    # anybody who leads it is told at once. None = cannot.
    reach_time: datetime | None = None
    ledger: Ledger = field(default_factory=Ledger)
    recorded_seconds: int | None = None
    record_time: datetime | None = None
    is_muted: bool = False
    # Staff has shown them out; until they come again.
    is_shown_out: bool = False
    # Staff who is with one patient in a room for two: that room. They cannot lead meanwhile.
    aside_id: str = ""
    # The minutes as they stand; None while the session is not over, or just over.
    seal: Seal | None = None
    door: DoorRecord = field(default_factory=DoorRecord)
    # Of the act that has just let them go, and of no other: it is not stored.
    departure: Departure | None = None
    # How the room heard them when the place was read; None = it did not. It is not stored.
    voice_before: Voice | None = field(default=None, compare=False)
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """The patient whose record this is; empty for everybody else."""
        return self.person_id if may(self.role, Right.COUNT) else ""

    @property
    def voice(self) -> Voice | None:
        """How the room hears what they say; None where they may say nothing."""
        try:
            self.require_voice()
        except FailedPrecondition:
            return None
        return Voice(self.alias, self.role, self.patient_id)

    @property
    def is_connected(self) -> bool:
        """True while a connection of theirs is in the room and was not silent for too long."""
        return self.is_present and self.silence_time is not None

    @property
    def is_present(self) -> bool:
        """True while in the room, also during a short loss of the connection."""
        return self.presence is Presence.PRESENT

    @property
    def is_waiting(self) -> bool:
        """True while in the lobby."""
        return self.presence is Presence.WAITING

    def wait(
        self, connection_id: str, now: datetime, policy: SessionsPolicy, reason: WaitReason
    ) -> bool:
        """In the lobby, which is no absence; True where that, or what for, is news."""
        is_new = not self.is_waiting or self.door.wait_reason is not reason
        self._connect(connection_id, now, policy)
        since = self.door.wait_time if self.is_waiting else now
        self.door = replace(self.door, wait_reason=reason, wait_time=since or now)
        self.presence = Presence.WAITING
        return is_new

    def join(self, connection_id: str, alias: str, now: datetime, policy: SessionsPolicy) -> bool:
        """Into the room, replacing an older connection; True where others did not see it yet."""
        is_new = not self.is_present
        self._connect(connection_id, now, policy)
        self.alias, self.presence = alias, Presence.PRESENT
        self._serve(now)
        self.ledger = self.ledger.beat(connection_id, now, policy.counting)
        return is_new

    def beat(self, connection_id: str, now: datetime, policy: SessionsPolicy) -> None:
        """Still here. Refused to a connection that another one has replaced."""
        self.require_connection(connection_id)
        self._hear(now, policy)
        if self.is_present:
            self.ledger = self.ledger.beat(connection_id, now, policy.counting)

    def leave(self, connection_id: str, now: datetime) -> bool:
        """A clean end; True where the others saw the participant until now."""
        self.require_connection(connection_id)
        self.ledger = self.ledger.leave(connection_id, now)
        return self._go(Departure(DepartureKind.LEFT, now))

    def fall_silent(self, now: datetime, policy: SessionsPolicy) -> bool:
        """The connection was lost and nobody came back; True where others must be told."""
        if self.silence_time is None or self.silence_time > now:
            return False
        heard = self.silence_time - timedelta(seconds=policy.silence_seconds)
        return self._go(Departure(DepartureKind.LOST, heard))

    def slip_away(self, now: datetime, policy: SessionsPolicy) -> bool:
        """Staff who has not been heard for a moment cannot be relied on to lead; True once.

        Where even that was noticed far too late, it was Haven that could not hear: once more.
        """
        if self.reach_time is None or self.reach_time > now:
            return False
        is_late = now - self.reach_time > policy.reach
        self.reach_time = now + policy.reach if is_late else None
        return not is_late

    def is_in_reach(self, now: datetime) -> bool:
        """True for staff in the room who has just been heard, and is there for all of it."""
        is_heard = self.reach_time is not None and self.reach_time > now
        return self.is_present and is_heard and not self.aside_id

    def show_out(self, now: datetime) -> bool:
        """Staff has shown them out: the connection speaks for nobody any more. True for somebody
        who was in the room."""
        if self.connection_id:
            self.ledger = self.ledger.stop(self.connection_id, now)
        self.connection_id, self.is_shown_out = "", True
        return self._go(Departure(DepartureKind.DISMISSED, now))

    def dismiss(self, now: datetime) -> bool:
        """The session is over; True for somebody who was in the room."""
        return self._go(Departure(DepartureKind.DISMISSED, now))

    def desert(self, departure_id: str, signal_id: str, location: LocationAttested | None) -> None:
        """They have just gone, and this signal about them is not answered."""
        if self.departure is None:
            return
        kind, leave_time = self.departure.kind, self.departure.leave_time
        self.events.append(
            EndangeredPatientLeft(
                departure_id=departure_id,
                safety_signal_id=signal_id,
                session_id=self.session_id,
                patient_id=self.person_id,
                kind=kind,
                leave_time=leave_time,
                location=location,
            )
        )

    def require_inside(self) -> None:
        """Who was put out, or denied, says nothing to the room, though their stream is open."""
        if (
            self.is_shown_out
            or self.door.wait_reason is not None
            or self.door.decision is Decision.DENIED
        ):
            raise FailedPrecondition("NOT_ADMITTED", "not in the room")

    @property
    def is_missing(self) -> bool:
        """True for who never was in the room and is not at its door: stayed away, or went."""
        if self.arrive_time is None:
            return True
        was_sent = self.is_shown_out or self.door.decision is Decision.DENIED
        return self.presence is Presence.GONE and not self.alias and not was_sent

    def notice_absence(self, session: Session, now: datetime) -> bool:
        """Once, for a patient who is missing. Who waited until it was over is not."""
        has_waited = session.is_over and self.arrive_time is not None
        if not self.is_missing or has_waited or self.absence_notice_time is not None:
            return False
        self.absence_notice_time = now
        start_time = session.schedule.start_time
        self.events.append(PatientAbsent(self.session_id, self.person_id, now, start_time))
        return True

    def intervals(
        self, session: Session, now: datetime, policy: SessionsPolicy
    ) -> tuple[Interval, ...]:
        """What counts so far; of a sealed attendance what was sealed."""
        if self.seal is not None:
            return self.seal.intervals
        window = session.window(now)
        if window is None:
            return ()
        return self.ledger.intervals(window, session.known_breaks(now), policy.counting)

    def counted(self, session: Session, now: datetime, policy: SessionsPolicy) -> int:
        """Counted seconds so far, at most what the session is worth; once sealed what stands."""
        if self.seal is not None:
            return self.seal.standing_seconds
        return counted_seconds(self.intervals(session, now, policy), session.worth)

    def record(self, session: Session, now: datetime, policy: SessionsPolicy) -> None:
        """Tell other services the counted seconds, where they changed since last told."""
        counted = self.counted(session, now, policy)
        self.record_time = now
        if not self.patient_id or counted == (self.recorded_seconds or 0):
            return
        self.recorded_seconds = counted
        self.events.append(AttendanceRecorded(self.session_id, self.person_id, counted))

    def close(self, session: Session, sign: Sign, now: datetime, policy: SessionsPolicy) -> None:
        """Seal what was counted; once, for a patient."""
        if self.seal is not None or not self.patient_id:
            return
        seal = Seal(self.counted(session, now, policy), self.intervals(session, now, policy), now)
        self.record(session, now, policy)
        self.seal = seal.signed(self.id, sign)

    def amend(
        self, amendment: Amendment, session: Session, sign: Sign, policy: SessionsPolicy
    ) -> None:
        """Set sealed seconds right, from 0 to what the session is worth."""
        if self.seal is None:
            raise FailedPrecondition("ATTENDANCE_NOT_SEALED", "the minutes are still counted")
        if not 0 <= amendment.counted_seconds <= session.worth.total_seconds():
            fault = Violation("counted_seconds", "OUT_OF_RANGE", "more than the session is worth")
            raise InvalidArgument(
                "FIELDS_INVALID", "fields at fault: counted_seconds", violations=[fault]
            )
        self.seal = self.seal.amended(amendment, self.id, sign)
        self.record(session, amendment.amend_time, policy)

    def is_record_due(self, now: datetime, policy: SessionsPolicy) -> bool:
        """True once per recording interval."""
        last = self.record_time or self.arrive_time
        return last is not None and now - last >= timedelta(seconds=policy.record_seconds)

    def require_voice(self, right: Right = Right.SPEAK) -> None:
        """May speak in the room, or do what else the others see."""
        self.require_inside()
        if not may(self.role, right):
            raise FailedPrecondition("NOT_ADMITTED", "this participant has no voice here")
        if self.is_muted and right in TAKEN_BY_MUTE:
            raise FailedPrecondition("MUTED", "staff has muted this participant")

    def require_connection(self, connection_id: str) -> None:
        """Only the newest connection of a person speaks for them."""
        if self.connection_id != connection_id:
            raise FailedPrecondition("CONNECTION_REPLACED", "another connection goes on")

    def _connect(self, connection_id: str, now: datetime, policy: SessionsPolicy) -> None:
        if self.absence_notice_time is not None and self.is_missing:
            self.events.append(AbsentPatientCame(self.session_id, self.person_id, now))
        self.connection_id, self.departure, self.is_shown_out = connection_id, None, False
        self.arrive_time = self.arrive_time or now
        self._hear(now, policy)

    def _hear(self, now: datetime, policy: SessionsPolicy) -> None:
        self.silence_time = now + timedelta(seconds=policy.silence_seconds)
        if self.role in STAFF_ROLES:
            self.reach_time = now + policy.reach
        resume_time = now + timedelta(seconds=policy.resume_seconds)
        self.door = replace(self.door, resume_time=resume_time)

    def _serve(self, now: datetime) -> None:
        if self.door.hold_id:
            hold_id, session_id = self.door.hold_id, self.session_id
            self.events.append(HeldPatientServed(hold_id, session_id, self.person_id, now))
        self.door = replace(
            self.door, wait_reason=None, wait_time=None, hold_id="", alarms=frozenset()
        )

    def _go(self, departure: Departure) -> bool:
        was_present = self.is_present
        if self.presence in {Presence.WAITING, Presence.PRESENT}:
            self.presence, self.departure = Presence.GONE, departure
        self.hand_number = 0
        self.silence_time = self.reach_time = None
        return was_present
