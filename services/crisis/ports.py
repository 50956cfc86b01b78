"""What the use cases of crisis need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chassis.store import Page, Reader, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    KeepEmergencyContact,
    KeepLocation,
    KeepScreening,
    ListPage,
)
from services.crisis.domain.drill import Drill
from services.crisis.domain.escalation import EscalationPolicy
from services.crisis.domain.findings import CaseRow, EventRow, PageRow, ParkedEvent
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.signal import Severity
from services.crisis.domain.timeline import Act, ActKind

# A tenant's numbers.
PolicyOf = Callable[[str], CrisisPolicy]


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

    def load(self, reader: Reader, case_id: str) -> Case:
        """The case; NotFound where the tenant has none."""
        ...

    def open_of(self, reader: Reader, patient_id: str) -> Case | None:
        """The patient's one unresolved case."""
        ...

    def unresolved(self, reader: Reader) -> list[tuple[Severity, bool]]:
        """The tenant's unresolved cases: how severe each is, and whether it has a deadline."""
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

    def keep_rotation(self, tx: Tx, rotation: Rotation) -> Rotation:
        """Keep a new or changed rotation."""
        ...


class Copies(Protocol):
    """What other services said about patients; newer words replace older ones."""

    def keep_location(self, tx: Tx, place: KeepLocation, version: int) -> None:
        """Remember an attestation."""
        ...

    def location(self, reader: Reader, location_id: str) -> KeepLocation | None:
        """One attestation."""
        ...

    def newest_location(self, reader: Reader, patient_id: str) -> KeepLocation | None:
        """Where the patient said to be last."""
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


class AuditBook(Protocol):
    """What is stored, as it lies there: the auditor trusts no aggregate to be whole."""

    def unresolved(self, reader: Reader) -> list[CaseRow]:
        """The tenant's unresolved cases."""
        ...

    def pages(self, reader: Reader, *, since: datetime) -> list[PageRow]:
        """Pages asked for since then."""
        ...

    def answers(self, reader: Reader, page_ids: Sequence[str]) -> Mapping[str, frozenset[ActKind]]:
        """What was heard of these pages; nothing of a page that is not in it."""
        ...

    def has_reached(self, reader: Reader, recipient_id: str) -> bool:
        """True where a page was ever handed over for this recipient."""
        ...

    def has_case(self, reader: Reader, case_id: str) -> bool:
        """True for the id of a case of the tenant."""
        ...

    def has_signal(self, reader: Reader, fact_id: str) -> bool:
        """True where a case was opened, or joined, for this fact."""
        ...

    def has_effect(self, reader: Reader, parked: ParkedEvent) -> bool:
        """True where the event has had its effect by another way."""
        ...

    def restore_deadline(self, tx: Tx, case_id: str, *, furthest: datetime, detail: str) -> bool:
        """Let an unresolved case act now; True where this transaction changed it.

        Not where it has a deadline up to `furthest` and, if somebody has it, an owner.
        """
        ...


class WaitingEvents(Protocol):
    """Crisis-class events of all tenants that are committed and not yet where they must be."""

    def waiting(self) -> list[EventRow]:
        """The oldest of them, and some of the newest."""
        ...


class DeadQueues(Protocol):
    """The dead queues of crisis-class events that crisis or notify should have taken."""

    def parked(self) -> list[ParkedEvent]:
        """What lies there, oldest first; Unavailable where the broker is away."""
        ...


class DrillBook(Protocol):
    """A drill tenant's drills."""

    def running(self, reader: Reader) -> Drill | None:
        """The one that has not ended."""
        ...

    def newest(self, reader: Reader) -> Drill | None:
        """The one that started last."""
        ...

    def last_success(self, reader: Reader) -> datetime | None:
        """When the last one that was in time ended."""
        ...

    def insert(self, tx: Tx, drill: Drill) -> Drill:
        """Keep a new one; AlreadyExists where another runs."""
        ...

    def save(self, tx: Tx, drill: Drill) -> Drill:
        """Keep what happened."""
        ...
