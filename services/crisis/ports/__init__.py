"""What the use cases of crisis need from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chassis.store import Page, Reader, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    KeepEmergencyContact,
    KeepLocation,
    KeepScreening,
    ListPage,
)
from services.crisis.domain.escalation import EscalationPolicy
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.signal import Severity
from services.crisis.domain.timeline import Act

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

    def open_of_stranger(self, reader: Reader, sender_key: str) -> Case | None:
        """The one unresolved case of a sender whom nobody knows."""
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
