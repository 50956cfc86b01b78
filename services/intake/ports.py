"""What the use cases of intake need from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from chassis.call import Call
from chassis.store import Filter, Page, Reader, Tx
from services.intake.domain.alias import Alias
from services.intake.domain.copies import Absence, Attendance
from services.intake.domain.episode import Episode
from services.intake.domain.patient import Identity, Patient
from services.intake.domain.policy import IntakePolicy
from services.intake.domain.reveal import AliasReveal
from services.intake.domain.views import RevealedAlias

A = TypeVar("A")

# A tenant's numbers.
PolicyOf = Callable[[str], IntakePolicy]
# Who a tenant's patient is, in plain; for audited use cases alone.
IdentityOf = Callable[[str, Patient], Identity]
# What a reveal shows to its caller; FailedPrecondition("REVEAL_EXPIRED") once it has ended.
ReadReveal = Callable[[Call, str], RevealedAlias]


class Book(Protocol[A]):
    """The tenant's aggregates of one kind."""

    def load(self, reader: Reader, id: str) -> A:
        """The aggregate; NotFound where the tenant has none of this id."""
        ...

    def insert(self, tx: Tx, aggregate: A) -> A:
        """Keep a new one."""
        ...

    def save(self, tx: Tx, aggregate: A) -> A:
        """Keep a changed one; Aborted where it moved on meanwhile."""
        ...

    def find(self, reader: Reader, filter: Filter, *, limit: int | None = None) -> list[A]:
        """Those that match."""
        ...

    def page(
        self,
        call: Call,
        filter: Filter,
        *,
        page_size: int = 0,
        page_token: str = "",
        order_by: str = "create_time",
    ) -> Page[A]:
        """A part of a list; every patient on it has an audit row."""
        ...


class EpisodeBook(Protocol):
    """The tenant's episodes, one per patient."""

    def id_of(self, patient_id: str) -> str:
        """The id of the patient's episode."""
        ...

    def of(self, reader: Reader, patient_id: str) -> Episode:
        """The patient's episode; NotFound without one."""
        ...

    def is_part2_protected(self, reader: Reader, patient_id: str) -> bool:
        """What the patient's records carry; true where nothing is known."""
        ...

    def insert(self, tx: Tx, episode: Episode) -> Episode:
        """Keep a new one."""
        ...

    def save(self, tx: Tx, episode: Episode) -> Episode:
        """Keep a changed one; Aborted where it moved on meanwhile."""
        ...


class AliasBook(Protocol):
    """The names in groups, and the tenant's key that makes them."""

    def key(self, tx: Tx) -> bytes:
        """The tenant's key; made at first use, in the same transaction."""
        ...

    def has(self, tx: Tx, *, patient_id: str, group_id: str) -> bool:
        """The patient has a name in the group."""
        ...

    def is_taken(self, tx: Tx, *, alias: str, group_id: str) -> bool:
        """Somebody in the group has this name."""
        ...

    def named(self, reader: Reader, *, alias: str, group_id: str) -> Alias:
        """Whose name it is in the group; NotFound where nobody has it."""
        ...

    def insert(self, tx: Tx, alias: Alias) -> Alias:
        """Keep a new name; AlreadyExists where the group has it or the patient has one."""
        ...


class RevealBook(Book[AliasReveal], Protocol):
    """Names that were opened."""

    def purpose_of(self, reader: Reader, reveal_id: str) -> str:
        """What it was opened for, without a look at whose it is; NotFound where there is none."""
        ...


class ReportBook(Protocol):
    """Attendance and absences as sessions reported them last."""

    def forget_case(self, tx: Tx, case_id: str) -> None:
        """Remove the copy of a drill's case."""
        ...

    def take_attendance(
        self, tx: Tx, attendance: Attendance, *, version: int, is_part2_protected: bool
    ) -> None:
        """Keep it unless a newer one is here."""
        ...

    def take_absence(
        self, tx: Tx, absence: Absence, *, version: int, is_part2_protected: bool
    ) -> None:
        """Keep it unless a newer one is here."""
        ...

    def attendances(self, reader: Reader, patient_id: str) -> list[Attendance]:
        """All of one patient."""
        ...

    def absences(self, reader: Reader, patient_id: str) -> list[Absence]:
        """All of one patient."""
        ...

    def attendance_page(
        self, reader: Reader, patient_id: str, *, page_size: int, page_token: str
    ) -> Page[Attendance]:
        """A part of one patient's, newest first."""
        ...

    def absence_page(
        self, reader: Reader, patient_id: str, *, page_size: int, page_token: str
    ) -> Page[Absence]:
        """A part of one patient's, newest first."""
        ...


class Cipher(Protocol):
    """Texts as ciphertext of their tenant, and back."""

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        """The text as ciphertext."""
        ...

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        """The text again; audited use cases only."""
        ...
