"""Intake, put together: the one place that chooses implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from chassis.inbound import Handler
from chassis.process import Process
from chassis.store import Store
from services.intake import store as kept
from services.intake.codec import messages
from services.intake.domain.policy import IntakePolicy
from services.intake.handlers.admissions import Admissions
from services.intake.handlers.aliases import Aliases
from services.intake.handlers.care_plans import CarePlans
from services.intake.handlers.referrals import Referrals
from services.intake.handlers.reports import Reports
from services.intake.handlers.reveals import Revealing
from services.intake.handlers.screenings import Screenings, expect_screenings
from services.intake.ports import AliasBook, Cipher, PolicyOf
from services.intake.queries.charts import Charts
from services.intake.queries.course import Course
from services.intake.queries.identities import Identities
from services.intake.queries.people import People
from services.intake.queries.reveals import Reveals

SERVICE = "intake"


@dataclass(frozen=True)
class Intake:
    """All that intake can do, by kind of use case."""

    referrals: Referrals
    screenings: Screenings
    admissions: Admissions
    care_plans: CarePlans
    people: People
    reveals: Reveals
    revealing: Revealing
    charts: Charts
    course: Course
    consumers: Mapping[type[Message], Handler]


def bootstrap(*, store: Store, policy_of: PolicyOf, cipher: Cipher) -> Intake:
    """The use cases over a store; tests give their own parts by name."""
    expect_screenings()
    episodes, reports, cases = kept.Episodes(store), kept.Reports(), kept.case_book(store)
    referrals, patients = kept.referrals(store), kept.patients(store)
    screenings, care_plans = kept.screening_book(store), kept.care_plan_book(store)
    names = kept.Aliases(store, cipher=cipher)
    aliases = Aliases(store, aliases=names, episodes=episodes)
    people, reveals, revealing = _who(store, names, cipher=cipher, policy_of=policy_of)
    return Intake(
        referrals=Referrals(
            store,
            referrals=referrals,
            patients=patients,
            episodes=episodes,
            cipher=cipher,
            policy_of=policy_of,
        ),
        screenings=Screenings(store, screenings=screenings, episodes=episodes, policy_of=policy_of),
        admissions=Admissions(store, episodes=episodes, cipher=cipher, policy_of=policy_of),
        care_plans=CarePlans(
            store, care_plans=care_plans, episodes=episodes, cipher=cipher, policy_of=policy_of
        ),
        people=people,
        reveals=reveals,
        revealing=revealing,
        charts=Charts(
            store,
            screenings=screenings,
            episodes=episodes,
            care_plans=care_plans,
            cipher=cipher,
            policy_of=policy_of,
        ),
        course=Course(store, episodes=episodes, cases=cases, reports=reports),
        consumers=_consumers(
            aliases, Reports(store, reports=reports, cases=cases, episodes=episodes)
        ),
    )


def _who(
    store: Store, names: AliasBook, *, cipher: Cipher, policy_of: PolicyOf
) -> tuple[People, Reveals, Revealing]:
    """All that shows who somebody is; nothing else gets `identity_of`."""
    patients, opened, identity_of = (
        kept.patients(store),
        kept.AliasReveals(store),
        Identities(cipher).of,
    )
    people = People(store, referrals=kept.referrals(store), patients=patients)
    reveals = Reveals(
        store,
        reveals=opened,
        patients=patients,
        episodes=kept.Episodes(store),
        identity_of=identity_of,
    )
    revealing = Revealing(
        store,
        (names, patients, opened),
        identity_of=identity_of,
        read=reveals.read,
        policy_of=policy_of,
    )
    return people, reveals, revealing


def of_process(process: Process) -> Intake:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    tenants = process.tenants
    tenants.check(SERVICE, IntakePolicy)
    return bootstrap(
        store=process.store,
        policy_of=lambda tenant_id: tenants.policy(tenant_id, SERVICE, IntakePolicy),
        cipher=process.cipher,
    )


def _consumers(aliases: Aliases, reports: Reports) -> Mapping[type[Message], Handler]:
    return {
        scheduling.SeriesEnrolled: _by(messages.seat, aliases.assign),
        scheduling.SessionScheduled: _by(messages.seats, aliases.assign),
        sessions.AttendanceRecorded: _by(messages.attendance_of, reports.take_attendance),
        sessions.PatientAbsent: _by(messages.absence_of, reports.take_absence),
        crisis.CaseOpened: _by(messages.case_opened, reports.take_case),
        crisis.CaseEscalated: _by(messages.case_escalated, reports.take_case),
        crisis.CaseAcknowledged: _by(messages.case_acknowledged, reports.take_case),
        crisis.CaseResolved: _by(messages.case_resolved, reports.take_case),
        crisis.DrillForgotten: _by(messages.drill_case, reports.forget_case),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], None]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
