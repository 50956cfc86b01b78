"""One session and its room: when it may begin, who leads it, what of it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, PermissionDenied
from services.sessions.domain.events import SessionStarted
from services.sessions.domain.group import GroupKind
from services.sessions.domain.house import House
from services.sessions.domain.leading import Leading
from services.sessions.domain.ledger import Interval
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.roles import Role, title


class State(StrEnum):
    """Where a session stands."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELED = "canceled"


OPEN = frozenset({State.STARTED, State.PAUSED})
FINAL = frozenset({State.ENDED, State.CANCELED})
EDGES = {
    (State.SCHEDULED, "start"): State.STARTED,
    (State.SCHEDULED, "lapse"): State.ENDED,
    (State.SCHEDULED, "cancel"): State.CANCELED,
    (State.STARTED, "pause"): State.PAUSED,
    (State.STARTED, "end"): State.ENDED,
    (State.PAUSED, "resume"): State.STARTED,
    (State.PAUSED, "end"): State.ENDED,
}
# A kept room is looked at again after so long at the latest: then a tenant's new number holds.
CHAT_LOOK = timedelta(days=30)
# What a refused verb is told: by state, with one exception where the verb matters.
REFUSALS = {
    State.SCHEDULED: "SESSION_NOT_STARTED",
    State.STARTED: "SESSION_ALREADY_STARTED",
    State.PAUSED: "SESSION_PAUSED",
    State.ENDED: "SESSION_ENDED",
    State.CANCELED: "SESSION_CANCELED",
}
VERB_REFUSALS = {
    (State.STARTED, "resume"): "SESSION_NOT_PAUSED",
    (State.PAUSED, "start"): "SESSION_ALREADY_STARTED",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """What scheduling says about a session."""

    session_id: str
    group_id: str
    facilitator_id: str
    patient_ids: frozenset[str]
    start_time: datetime
    end_time: datetime
    counted_minutes: int
    facilitator_states: frozenset[str]
    is_canceled: bool = False
    # Who helps to lead it, in the order in which they would, and where each may treat.
    co_facilitators: Mapping[str, frozenset[str]] = field(default_factory=dict)
    group_kind: GroupKind = GroupKind.UNKNOWN


@dataclass(slots=True)
class Session:
    """Known from the moment it is scheduled; ends once."""

    schedule: Schedule
    schedule_version: int
    state: State = State.SCHEDULED
    actual_start_time: datetime | None = None
    actual_end_time: datetime | None = None
    breaks: tuple[Interval, ...] = ()
    break_start_time: datetime | None = None
    # Due: look who did not come; close what nobody closed. None = nothing to do.
    absence_time: datetime | None = None
    close_time: datetime | None = None
    # Due: seal the minutes of a session that is over.
    seal_time: datetime | None = None
    # Due: look whether the texts of its chat have been kept long enough.
    chat_look_time: datetime | None = None
    leading: Leading = field(default_factory=Leading)
    house: House = field(default_factory=House)
    # Of a room for two: the group's. Empty for a group.
    group_session_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The session's id; the room's too."""
        return self.schedule.session_id

    @property
    def patient_id(self) -> str:
        """A session belongs to no single patient."""
        return ""

    @property
    def is_open(self) -> bool:
        """True while people can be in the room."""
        return self.state in OPEN

    @property
    def is_unled(self) -> bool:
        """True where whoever comes finds nobody who leads: it is held, or nobody has opened it."""
        return self.state is State.SCHEDULED or (self.is_open and self.leading.is_held)

    @property
    def is_over(self) -> bool:
        """True where nobody can come any more."""
        return self.state in FINAL

    def take(self, schedule: Schedule, version: int, now: datetime, policy: SessionsPolicy) -> None:
        """Follow scheduling's newer word; an older one, or one about the past, changes nothing."""
        if version <= self.schedule_version or self.is_over:
            return
        before, self.schedule, self.schedule_version = self.schedule, schedule, version
        if self.leading.lead_id not in self.staff:
            self.leading = replace(self.leading, lead_id="")
        self.close_time = schedule.end_time + timedelta(seconds=policy.overrun_seconds)
        if schedule.is_canceled:
            self._call_off(before.patient_ids)
            return
        if schedule.start_time != before.start_time:
            if not self.is_open:
                self.leading = self.leading.ended(now)  # who waits there is heard soon
            self.absence_time = schedule.start_time + timedelta(seconds=policy.absent_seconds)
        if schedule.patient_ids - before.patient_ids:
            self.expect_more(now, policy)

    def _call_off(self, patient_ids: frozenset[str]) -> None:
        """It comes with an empty roster: whoever had a seat keeps it, to hear that it is off, or to
        stay: a room with people in it is not canceled over their heads, its facilitator ends it.
        Nobody who stays away is missed."""
        patient_ids = self.schedule.patient_ids | patient_ids
        self.schedule, self.absence_time = replace(self.schedule, patient_ids=patient_ids), None
        if not self.is_open:
            self._move("cancel")
            self.close_time, self.leading = None, self.leading.deserted()

    def expect_more(self, now: datetime, policy: SessionsPolicy) -> None:
        """Somebody got a seat: look again for absences, though the first look may be over."""
        if self.absence_time is None and not self.is_over and not self.schedule.is_canceled:
            since = max(now, self.schedule.start_time)
            self.absence_time = since + timedelta(seconds=policy.absent_seconds)

    @property
    def lead_id(self) -> str:
        """Who leads it now, or would if they came."""
        return self.leading.lead_id or self.schedule.facilitator_id

    @property
    def staff(self) -> Mapping[str, str]:
        """Who has a seat of staff, by their names in the room; those who lead sooner first."""
        names = {self.schedule.facilitator_id: title(Role.FACILITATOR, 1)}
        for place, person_id in enumerate(self.schedule.co_facilitators, 1):
            names.setdefault(person_id, title(Role.CO_FACILITATOR, place))
        for grant in self.house.grants:
            if grant.role is Role.CO_FACILITATOR:
                names.setdefault(grant.person_id, grant.alias)
        return names

    def states_of(self, person_id: str) -> frozenset[str]:
        """Where somebody of staff may treat, as far as scheduling has said."""
        if person_id == self.schedule.facilitator_id:
            return self.schedule.facilitator_states
        return self.schedule.co_facilitators.get(person_id, frozenset())

    def require_facilitator(self, person_id: str) -> None:
        """Only who leads it now."""
        if person_id != self.lead_id:
            raise PermissionDenied("NOT_FACILITATOR", "another clinician leads this session")

    def require_may_appoint(self, person_id: str) -> None:
        """Who leads it, or was booked to."""
        if person_id not in {self.lead_id, self.schedule.facilitator_id}:
            raise PermissionDenied("NOT_FACILITATOR", "another clinician leads this session")

    def require_staff(self, person_id: str) -> None:
        """Who leads it, or helps to."""
        if person_id not in self.staff:
            raise PermissionDenied("NOT_FACILITATOR", "other clinicians lead this session")

    def require_open(self) -> None:
        """Only in an open room can anything be said."""
        if not self.is_open:
            raise FailedPrecondition(REFUSALS[self.state], "the room is not open")

    def start(self, by: str, now: datetime, policy: SessionsPolicy) -> None:
        """Open the room; minutes count from `now`."""
        self.require_staff(by)
        opens = self.schedule.start_time - timedelta(seconds=policy.early_start_seconds)
        if self.state is State.SCHEDULED and now < opens:
            raise FailedPrecondition("SESSION_TOO_EARLY", "the session's time has not come")
        if self.state is State.SCHEDULED and not self.states_of(by):
            raise FailedPrecondition(
                "LICENSE_STATE_MISMATCH", "the facilitator holds no license in any state"
            )
        self._move("start")
        self.actual_start_time = now
        # It may be a co-facilitator, because the facilitator is not there yet.
        self.leading = self.leading.taken("" if by == self.schedule.facilitator_id else by, now)
        self.events.append(SessionStarted(self.id, by, now))

    def pause(self, by: str, now: datetime) -> None:
        """Begin a break."""
        self.require_facilitator(by)
        self._move("pause")
        self.break_start_time = now

    def resume(self, by: str, now: datetime) -> None:
        """End the break."""
        self.require_facilitator(by)
        self._move("resume")
        self._close_break(now)

    def end(self, by: str, now: datetime) -> None:
        """Close the room for good."""
        self.require_facilitator(by)
        self._move("end")
        self._finish(now)

    def lapse(self, now: datetime) -> None:
        """Close what nobody closed, whether it ever began or not."""
        self._move("end" if self.is_open else "lapse")
        self._finish(now)

    def is_chat_due(self, now: datetime) -> bool:
        """True where somebody must look at its texts' age."""
        return self.chat_look_time is not None and self.chat_look_time <= now

    def next_chat_look(self, now: datetime, policy: SessionsPolicy) -> datetime | None:
        """When to look again; None once its texts have been kept long enough."""
        kept_until = (self.actual_end_time or now) + timedelta(days=policy.chat_kept_days)
        return None if kept_until <= now else min(kept_until, now + CHAT_LOOK)

    def window(self, now: datetime) -> Interval | None:
        """From the real start to the real end, or until now; None where it never began."""
        if self.actual_start_time is None:
            return None
        return Interval(self.actual_start_time, self.actual_end_time or now)

    def known_breaks(self, now: datetime) -> tuple[Interval, ...]:
        """All breaks and holds, the running ones until now."""
        return (*self._pauses(now), *self.leading.known_holds(now))

    def seconds_late(self, arrive_time: datetime) -> float:
        """How long after the beginning, as planned or as it was, somebody came to the door."""
        begun = max(self.schedule.start_time, self.actual_start_time or self.schedule.start_time)
        return (arrive_time - begun).total_seconds()

    @property
    def worth(self) -> timedelta:
        """The most that one patient can have counted."""
        return timedelta(minutes=self.schedule.counted_minutes)

    def _finish(self, now: datetime) -> None:
        self._close_break(now)
        self.leading = self.leading.ended(now)
        if self.actual_start_time is not None:
            self.actual_end_time = self.chat_look_time = now
        self.close_time, self.seal_time = None, now

    def _close_break(self, now: datetime) -> None:
        self.breaks, self.break_start_time = self._pauses(now), None

    def _pauses(self, now: datetime) -> tuple[Interval, ...]:
        if self.break_start_time is None:
            return self.breaks
        return (*self.breaks, Interval(self.break_start_time, now))

    def _move(self, verb: str) -> None:
        target = EDGES.get((self.state, verb))
        if target is None:
            reason = VERB_REFUSALS.get((self.state, verb), REFUSALS[self.state])
            raise FailedPrecondition(reason, "the session's state does not allow it")
        self.state = target


def scheduled(schedule: Schedule, version: int, policy: SessionsPolicy) -> Session:
    """The session that scheduling tells of for the first time."""
    session = Session(schedule, schedule_version=version)
    if schedule.is_canceled:
        session.state = State.CANCELED
        return session
    session.absence_time = schedule.start_time + timedelta(seconds=policy.absent_seconds)
    session.close_time = schedule.end_time + timedelta(seconds=policy.overrun_seconds)
    return session
