"""Scheduling, put together: the one place that chooses implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import events_pb2 as live

from chassis.call import Call
from chassis.inbound import Handler
from chassis.process import Process
from chassis.store import Store
from services.scheduling.codec import events
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.handlers.clinicians import Clinicians
from services.scheduling.handlers.copies import Copies
from services.scheduling.handlers.enrollments import Enrollments
from services.scheduling.handlers.groups import Groups
from services.scheduling.handlers.review import Review
from services.scheduling.handlers.series import SeriesUseCases
from services.scheduling.handlers.sessions import Sessions
from services.scheduling.ports import PolicyOf
from services.scheduling.queries import Queries
from services.scheduling.store import books

SERVICE = "scheduling"


@dataclass(frozen=True)
class Scheduling:
    """All that scheduling can do, by kind of use case."""

    clinicians: Clinicians
    groups: Groups
    series: SeriesUseCases
    enrollments: Enrollments
    sessions: Sessions
    queries: Queries
    consumers: Mapping[type[Message], Handler]


def bootstrap(*, store: Store, policy_of: PolicyOf) -> Scheduling:
    """The use cases over a store; tests give their own parts by name."""
    kept = books(store)
    review = Review(kept)
    return Scheduling(
        clinicians=Clinicians(store, kept, review, policy_of),
        groups=Groups(store, kept, policy_of),
        series=SeriesUseCases(store, kept, review, policy_of),
        enrollments=Enrollments(store, kept, review),
        sessions=Sessions(store, kept, review),
        queries=Queries(store, kept, policy_of),
        consumers=_consumers(Copies(store, kept, review)),
    )


def of_process(process: Process) -> Scheduling:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    tenants = process.tenants
    tenants.check(SERVICE, SchedulingPolicy)
    return bootstrap(
        store=process.store,
        policy_of=lambda tenant_id: tenants.policy(tenant_id, SERVICE, SchedulingPolicy),
    )


def _consumers(copies: Copies) -> Mapping[type[Message], Handler]:
    return {
        intake.PatientAdmitted: _by(events.patient_admitted, copies.patient_admitted),
        intake.CarePlanActivated: _by(events.care_plan_activated, copies.care_plan_activated),
        intake.LocationRecorded: _by(events.location_attested, copies.location_attested),
        live.LocationAttested: _by(events.location_attested, copies.location_attested),
        live.SessionStarted: _by(events.session_started, copies.session_started),
        live.AttendanceRecorded: _by(events.attendance_recorded, copies.attendance_recorded),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], None]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
