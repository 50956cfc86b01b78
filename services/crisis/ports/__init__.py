"""What the use cases of crisis need from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.store import Ahead, Page, Reader, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    KeepEmergencyContact,
    KeepScreening,
    ListPage,
)
from services.crisis.domain.cover import OnDuty
from services.crisis.domain.coverage import Plan
from services.crisis.domain.coverage_gap import CoverageGap
from services.crisis.domain.escalation import EscalationPolicy
from services.crisis.domain.location import KeepLocation
from services.crisis.domain.opt_out import OptOut
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.reach import Reach
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.timeline import Act

# A tenant's numbers.
PolicyOf = Callable[[str], CrisisPolicy]


# Who is there at the moment of the look.
OnDutyNow = Callable[[Reader], OnDuty]


class CaseBook(Protocol):
    """The tenant's cases, with their timelines."""

    def page(self, reader: Reader, asked: ListPage) -> Page[Case]:
        """The tenant's, or one patient's, cases: what needs people first."""
        ...

    def newest_acts(self, reader: Reader, case_id: str, limit: int) -> list[Act]:
        """The end of a case's timeline, oldest of it first."""
        ...

    def page_acts(self, reader: Reader, asked: ListPage) -> Page[Act]:
        """A case's timeline, newest first."""
        ...

    def signal_ids(self, reader: Reader, case_id: str, source: Source) -> list[str]:
        """The facts from this source that opened the case or joined it, oldest first."""
        ...

    def load(self, reader: Reader, case_id: str) -> Case:
        """The case; NotFound where the tenant has none."""
        ...

    def ahead(self, case_id: str) -> Sequence[Ahead]:
        """What `load` will read."""
        ...

    def ahead_of(self, signal: Signal) -> Sequence[Ahead]:
        """What `by_fact` and `open_of` will read."""
        ...

    def open_of(self, reader: Reader, patient_id: str) -> Case | None:
        """The patient's one unresolved case."""
        ...

    def open_of_stranger(self, reader: Reader, sender_key: str) -> Case | None:
        """The one unresolved case of a sender whom nobody knows."""
        ...

    def unresolved(self, reader: Reader) -> list[tuple[Severity, bool]]:
        """The tenant's unresolved cases: how severe each is, and whether it has a deadline."""
        ...

    def waiting_ids(self, reader: Reader) -> list[str]:
        """The tenant's cases that nobody has answered."""
        ...

    def by_fact(self, reader: Reader, fact_id: str) -> Case | None:
        """The case in which this fact had its effect."""
        ...

    def by_page(self, reader: Reader, page_id: str) -> Case | None:
        """The case that asked for this page."""
        ...

    def insert(self, tx: Tx, case: Case) -> Case:
        """Keep a new case; AlreadyExists where the patient has an unresolved one."""
        ...

    def save(self, tx: Tx, case: Case) -> Case:
        """Keep what happened to a case."""
        ...


class Plans(Protocol):
    """The tenant's escalation policies and rotations."""

    def policies(self, reader: Reader) -> list[EscalationPolicy]:
        """All policies of the tenant, one per severity."""
        ...

    def policy(self, reader: Reader, severity: Severity) -> EscalationPolicy | None:
        """The policy of one severity."""
        ...

    def keep_policy(self, tx: Tx, policy: EscalationPolicy) -> EscalationPolicy:
        """Keep a new or changed policy."""
        ...

    def rotations(self, reader: Reader) -> dict[str, Rotation]:
        """All rotations of the tenant by name."""
        ...

    def rotation(self, reader: Reader, name: str) -> Rotation | None:
        """One rotation."""
        ...

    def opt_outs(self, reader: Reader, since: datetime) -> tuple[OptOut, ...]:
        """Who cannot be called, from opt-outs that were not over by then."""
        ...

    def plan(self, reader: Reader, *, is_next_called: bool) -> Plan:
        """Everything that says who is called from now on."""
        ...

    def keep_rotation(self, tx: Tx, rotation: Rotation) -> Rotation:
        """Keep a new or changed rotation."""
        ...


class OnCallBook(Protocol):
    """The tenant's opt-outs, what has been told of its gaps, and when to look again."""

    def load_opt_out(self, reader: Reader, id: str) -> OptOut:
        """The opt-out; NotFound where the tenant has none."""
        ...

    def keep_opt_out(self, tx: Tx, opt_out: OptOut) -> OptOut:
        """Keep a new or changed opt-out."""
        ...

    def page_opt_outs(self, reader: Reader, asked: ListPage) -> Page[OptOut]:
        """The tenant's, or one clinician's, opt-outs, latest start first."""
        ...

    def open_gaps(self, reader: Reader) -> list[CoverageGap]:
        """The gaps that have been told and not closed."""
        ...

    def gap(self, reader: Reader, id: str) -> CoverageGap | None:
        """The gap, open or closed; None where it was never told."""
        ...

    def keep_gap(self, tx: Tx, gap: CoverageGap) -> None:
        """Keep a new or changed gap."""
        ...

    def reach(self, reader: Reader) -> Reach:
        """Whom of the staff a page can reach, as notify last told."""
        ...

    def keep_reach(self, tx: Tx, reach: Reach, version: int) -> None:
        """Remember it, unless something newer is known."""
        ...

    def check_due(self, reader: Reader) -> datetime | None:
        """When the tenant's cover is looked at next; None where nobody has begun to."""
        ...

    def plan_change(self, reader: Reader) -> datetime | None:
        """When a plan changed that the waiting cases have not been held against yet."""
        ...

    def keep_check(self, tx: Tx, next_check: datetime, plan_change: datetime | None) -> None:
        """Say when to look next; looks at one tenant's cover follow one another."""
        ...

    def plan_change_done(self, tx: Tx, plan_change: datetime) -> None:
        """The waiting cases have been held against this change, and there was none after it."""
        ...


class Board(Protocol):
    """Cases for those who watch all of them."""

    def part(self, reader: Reader, page_token: str) -> Page[Case]:
        """Some unresolved cases, what needs people first."""
        ...

    def versions(self, reader: Reader) -> dict[str, int]:
        """The version of each unresolved case, and nothing else of it."""
        ...

    def cases(self, reader: Reader, case_ids: Sequence[str]) -> list[Case]:
        """These cases as they are now, resolved ones too."""
        ...


class Copies(Protocol):
    """What other services said about patients; newer words replace older ones."""

    def keep_location(self, tx: Tx, place: KeepLocation, version: int) -> None:
        """Remember an attestation."""
        ...

    def location(self, reader: Reader, location_id: str) -> KeepLocation | None:
        """One attestation."""
        ...

    def newest_location(
        self, reader: Reader, patient_id: str, *, until: datetime | None = None
    ) -> KeepLocation | None:
        """Where the patient said to be last, or last by then."""
        ...

    def keep_contact(self, tx: Tx, contact: KeepEmergencyContact, version: int) -> None:
        """Remember whom to call."""
        ...

    def contact(self, reader: Reader, patient_id: str) -> KeepEmergencyContact | None:
        """Whom to call about the patient."""
        ...

    def knows(self, reader: Reader, patient_id: str) -> bool:
        """True where any service has told of the patient."""
        ...

    def tiers(self, reader: Reader, patient_id: str) -> list[str]:
        """What the newest screening of each instrument said of the patient."""
        ...

    def keep_screening(self, tx: Tx, screening: KeepScreening, version: int) -> None:
        """Remember that a screening ended."""
        ...


class Reveal(Protocol):
    """Makes a text of a tenant's ciphertext again."""

    def __call__(self, tenant_id: str, ciphertext: bytes) -> str: ...
