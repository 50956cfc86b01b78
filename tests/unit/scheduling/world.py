"""Scheduling in use: people, groups and facts of other services in one sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import events_pb2 as live

from chassis.call import Actor, Call, EventOnce, RequestOnce, Role, system_call
from chassis.deadline import Deadline
from chassis.ids import new_id
from chassis.store import Store
from services.scheduling.bootstrap import Scheduling, bootstrap
from services.scheduling.domain import commands
from services.scheduling.domain.clinician import Clinician, Profession
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.group import Group, GroupKind, Modality, Track
from services.scheduling.domain.licensure import LicenseKind
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.domain.series import SeriesView
from services.scheduling.domain.session import Session
from tests.unit.scheduling.builders import NOW, a_pattern

TENANT, OTHER_TENANT = "north", "south"
ALL = commands.PageOf()


@dataclass
class World:
    """One tenant's scheduling over a store."""

    store: Store
    tenant_id: str = TENANT
    policy: SchedulingPolicy = field(default_factory=SchedulingPolicy)
    seconds: float = 30.0

    def __post_init__(self) -> None:
        self.scheduling: Scheduling = bootstrap(store=self.store, policy_of=lambda _: self.policy)

    def call(self, *roles: Role, subject: str = "staff-1", request_id: str = "") -> Call:
        """A mutation by staff, unless said otherwise."""
        once = RequestOnce(request_id or new_id(), "method", b"", lambda _: b"answer")
        actor = Actor(subject, frozenset(roles or {Role.COORDINATOR}))
        return Call(self.tenant_id, actor, "test", once, Deadline.after(self.seconds))

    def look(self, *roles: Role, subject: str = "staff-1") -> Call:
        """A reading by staff, unless said otherwise."""
        actor = Actor(subject, frozenset(roles or {Role.COORDINATOR}))
        return Call(self.tenant_id, actor, "test", None, Deadline.after(self.seconds))

    def hears(
        self, event: Message, *, version: int = 1, at: datetime = NOW, event_id: str = ""
    ) -> None:
        """An event arrives."""
        once = EventOnce("scheduling.queue", event_id or new_id(), version, at)
        actor = Actor("service:intake", frozenset({Role.WORKLOAD}))
        call = Call(self.tenant_id, actor, "event", once, Deadline.after(self.seconds))
        self.scheduling.consumers[type(event)](call, event)

    def clinician(self, *states: str, expire_date: date = date(2028, 12, 31)) -> Clinician:
        """A clinician who is licensed in these states."""
        register = commands.RegisterClinician(Profession.COUNSELOR)
        clinician = self.scheduling.clinicians.register(self.call(), register)
        for state in states:
            clinician = self.license(clinician.id, state, expire_date=expire_date)
        return clinician

    def license(
        self, clinician_id: str, state: str, *, expire_date: date = date(2028, 12, 31)
    ) -> Clinician:
        """One more license."""
        kind, first = LicenseKind.LICENSE, date(2026, 1, 1)
        command = commands.AddLicense(clinician_id, kind, state, "", first, expire_date)
        return self.scheduling.clinicians.add_license(self.call(), command)

    def revoke(self, clinician: Clinician, state: str) -> Clinician:
        """The license of one state ends now."""
        found = self.scheduling.queries.clinician(self.look(), clinician.id)
        license = next(each for each in found.licenses if each.state == state)
        command = commands.RevokeLicense(clinician.id, license.id)
        return self.scheduling.clinicians.revoke_license(self.call(), command)

    def group(self, *, capacity: int = 8, track: Track = Track.MENTAL_HEALTH) -> Group:
        """A process group."""
        command = commands.CreateGroup(
            "Evening skills", track, GroupKind.PROCESS, Modality.INTEGRATED, capacity
        )
        return self.scheduling.groups.create(self.call(), command)

    def series(
        self, clinician: Clinician, *, group: Group | None = None, capacity: int = 8, **pattern: Any
    ) -> SeriesView:
        """Three blocks a week for eight weeks."""
        group_id = (group or self.group(capacity=capacity)).id
        command = commands.CreateSeries(group_id, clinician.id, a_pattern(**pattern))
        return self.scheduling.series.create(self.call(), command)

    def patient(self, patient_id: str = "", *, state: str = "VA", weekly_minutes: int = 540) -> str:
        """An admitted patient with an active plan."""
        patient_id = patient_id or new_id()
        self.admitted(patient_id, state=state)
        self.planned(patient_id, weekly_minutes=weekly_minutes)
        return patient_id

    def admitted(self, patient_id: str, *, state: str = "VA", at: datetime = NOW) -> None:
        """Intake has admitted the patient."""
        event = intake.PatientAdmitted(
            patient_id=patient_id, episode_id=f"episode-{patient_id}", state=state
        )
        event.admit_time.FromDatetime(at)
        self.hears(event, at=at)

    def planned(self, patient_id: str, *, weekly_minutes: int = 540, version: int = 1) -> None:
        """Intake has activated a plan."""
        event = intake.CarePlanActivated(
            patient_id=patient_id,
            care_plan_id=f"plan-{patient_id}",
            weekly_minutes=weekly_minutes,
            weeks=8,
        )
        self.hears(event, version=version)

    def attested(self, patient_id: str, state: str, *, at: datetime | None = None) -> None:
        """The patient has said where they sit."""
        event = live.LocationAttested(location_id=new_id(), patient_id=patient_id, state=state)
        event.attest_time.FromDatetime(at or self.store.clock.now())
        self.hears(event)

    def attends(self, patient_id: str, session_id: str, minutes: int, *, version: int = 1) -> None:
        """The ledger counts."""
        event = live.AttendanceRecorded(
            session_id=session_id, patient_id=patient_id, counted_seconds=minutes * 60
        )
        self.hears(event, version=version)

    def starts(self, session: Session) -> None:
        """The room opens."""
        self.hears(live.SessionStarted(session_id=session.id, facilitator_id="c"))

    def enroll(self, series: SeriesView, patient_id: str, *, request_id: str = "") -> Enrollment:
        """All or nothing."""
        command = commands.EnrollPatient(series.series.id, patient_id)
        return self.scheduling.enrollments.enroll(self.call(request_id=request_id), command)

    def leave(self, enrollment: Enrollment) -> Enrollment:
        """Give the seats ahead back."""
        command = commands.CancelEnrollment(enrollment.id)
        return self.scheduling.enrollments.cancel(self.call(), command)

    def one_off(
        self,
        clinician: Clinician,
        *patient_ids: str,
        start_time: datetime | None = None,
        group: Group | None = None,
    ) -> Session:
        """A session for these patients; now, unless said otherwise."""
        command = commands.ScheduleSession(
            group_id=(group or self.group()).id,
            facilitator_id=clinician.id,
            patient_ids=patient_ids,
            start_time=start_time,
            time_zone="America/New_York",
            counted_minutes=60,
            break_minutes=0,
        )
        return self.scheduling.sessions.schedule(self.call(), command)

    def assign(self, series: SeriesView, clinician: Clinician) -> SeriesView:
        """Everything ahead to this clinician."""
        command = commands.AssignFacilitator(series.series.id, clinician.id)
        return self.scheduling.series.assign(self.call(), command)

    def substitute(self, session_id: str, clinician: Clinician) -> Session:
        """One session to this clinician."""
        command = commands.SubstituteFacilitator(session_id, clinician.id)
        return self.scheduling.sessions.substitute(self.call(), command)

    def cancel(self, session_id: str) -> Session:
        """Call one session off."""
        return self.scheduling.sessions.cancel(self.call(), commands.CancelSession(session_id))

    def ends(self, *session_ids: str) -> None:
        """The timer comes by."""
        for session_id in session_ids:
            call = system_call(self.tenant_id, service="scheduling", action="timer")
            self.scheduling.sessions.end_when_over(call, session_id)

    def session(self, session_id: str) -> Session:
        """As it stands, as staff sees it."""
        return self.scheduling.queries.session(self.look(), session_id)

    def seen(self, series: SeriesView) -> SeriesView:
        """As it stands."""
        return self.scheduling.queries.series(self.look(), series.series.id)

    def enrollment(self, enrollment: Enrollment) -> Enrollment:
        """As it stands."""
        return self.scheduling.queries.enrollment(self.look(), enrollment.id)

    def conflicts(self) -> list[LicenseConflict]:
        """Open ones."""
        return self.scheduling.queries.license_conflicts(self.look(), ALL).items

    def sessions(self, call: Call | None = None, **narrowed: Any) -> list[Session]:
        """Listed by any of the fields."""
        facts: dict[str, Any] = {
            "patient_id": "",
            "group_id": "",
            "series_id": "",
            "facilitator_id": "",
            "after_time": None,
            "before_time": None,
            "page": commands.PageOf(200),
        }
        query = commands.ListSessions(**(facts | narrowed))
        return self.scheduling.queries.sessions(call or self.look(), query).items


def end_of(sessions: Iterable[Session]) -> datetime:
    """A moment after all of them."""
    return max(each.span.end for each in sessions) + timedelta(seconds=1)
