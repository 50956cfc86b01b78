"""How intake keeps its aggregates and copies."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from chassis.errors import NotFound
from chassis.ids import derived_id
from chassis.store import (
    Aggregate,
    Document,
    Index,
    Page,
    Reader,
    Repository,
    Store,
    Tx,
    due_index,
)
from services.intake.codec.documents import care_plans, copies, episodes, people, screenings
from services.intake.codec.messages import message_of
from services.intake.domain.alias import Alias
from services.intake.domain.care_plan import CarePlan, CarePlanState
from services.intake.domain.copies import Absence, Attendance, CaseCopy
from services.intake.domain.episode import Episode
from services.intake.domain.patient import Patient
from services.intake.domain.referral import Referral
from services.intake.domain.reveal import AliasReveal
from services.intake.domain.screening import Screening
from services.intake.ports import Cipher

REFERRALS, PATIENTS, EPISODES = "referrals", "patients", "episodes"
SCREENINGS, CARE_PLANS = "screenings", "care_plans"
ALIASES, ALIAS_KEYS, ALIAS_REVEALS = "aliases", "alias_keys", "alias_reveals"
CASES, ATTENDANCES, ABSENCES = "cases", "attendances", "absences"
LEAVE_DEADLINE = "leave_deadline_time"
ALIAS_KEY_BYTES = 32
T = TypeVar("T", bound=Aggregate)

_OF_PATIENT = [("tenant_id", 1), ("patient_id", 1)]
_NEWEST = [("create_time", -1), ("_id", -1)]
INDEXES: tuple[Index, ...] = (
    Index(REFERRALS, [("tenant_id", 1), *_NEWEST]),
    Index(REFERRALS, [("tenant_id", 1), ("referrer_id", 1), *_NEWEST]),
    Index(EPISODES, _OF_PATIENT, unique=True),
    Index(SCREENINGS, [*_OF_PATIENT, *_NEWEST]),
    Index(
        SCREENINGS,
        [("tenant_id", 1), *_NEWEST],
        partial={"is_safety_item_unanswered": True},
        label="unanswered",
    ),
    due_index(SCREENINGS, LEAVE_DEADLINE),
    Index(CARE_PLANS, [*_OF_PATIENT, *_NEWEST]),
    # A patient follows one plan, whatever is activated at the same moment.
    Index(
        CARE_PLANS,
        _OF_PATIENT,
        unique=True,
        partial={"state": CarePlanState.ACTIVE.value},
        label="active",
    ),
    # Within a group a name belongs to one patient, and a patient has one name.
    Index(ALIASES, [("tenant_id", 1), ("group_id", 1), ("alias", 1)], unique=True),
    Index(ALIASES, [("tenant_id", 1), ("group_id", 1), ("patient_id", 1)], unique=True),
    Index(ALIAS_REVEALS, [("tenant_id", 1), *_NEWEST]),
    Index(ALIAS_REVEALS, [*_OF_PATIENT, *_NEWEST]),
    Index(CASES, [*_OF_PATIENT, *_NEWEST]),
    Index(ATTENDANCES, [*_OF_PATIENT, *_NEWEST]),
    Index(ABSENCES, [*_OF_PATIENT, *_NEWEST]),
)


def referrals(store: Store) -> Repository[Referral]:
    """Referrals."""
    return _repository(store, REFERRALS, people.referral_document, people.referral_from)


def patients(store: Store) -> Repository[Patient]:
    """Patients."""
    return _repository(store, PATIENTS, people.patient_document, people.patient_from)


def screening_book(store: Store) -> Repository[Screening]:
    """Screenings."""
    return _repository(store, SCREENINGS, screenings.screening_document, screenings.screening_from)


def care_plan_book(store: Store) -> Repository[CarePlan]:
    """Care plans."""
    return _repository(store, CARE_PLANS, care_plans.care_plan_document, care_plans.care_plan_from)


def case_book(store: Store) -> Repository[CaseCopy]:
    """Copies of crisis cases."""
    return _repository(store, CASES, copies.case_document, copies.case_from)


class Episodes:
    """Episodes, found by their patient."""

    def __init__(self, store: Store) -> None:
        self._episodes = _repository(
            store, EPISODES, episodes.episode_document, episodes.episode_from
        )

    def id_of(self, patient_id: str) -> str:
        """The id of the patient's episode."""
        return derived_id("episode", patient_id)

    def of(self, reader: Reader, patient_id: str) -> Episode:
        """The patient's episode; NotFound without one."""
        return self._episodes.load(reader, self.id_of(patient_id))

    def is_part2_protected(self, reader: Reader, patient_id: str) -> bool:
        """What the patient's records carry; true where nothing is known."""
        found = reader.find_one(
            EPISODES, {"_id": self.id_of(patient_id)}, fields=("is_part2_protected",)
        )
        return True if found is None else bool(found["is_part2_protected"])

    def insert(self, tx: Tx, episode: Episode) -> Episode:
        """Keep a new one."""
        return self._episodes.insert(tx, episode)

    def save(self, tx: Tx, episode: Episode) -> Episode:
        """Keep a changed one; Aborted where it moved on meanwhile."""
        return self._episodes.save(tx, episode)


class Aliases:
    """Names in groups, and the tenant's key that makes them, which rests as ciphertext."""

    def __init__(self, store: Store, *, cipher: Cipher) -> None:
        self._aliases = _repository(store, ALIASES, people.alias_document, people.alias_from)
        self._cipher = cipher

    def key(self, tx: Tx) -> bytes:
        """The tenant's key; made at first use, in the same transaction."""
        tenant_id = tx.call.tenant_id
        id = derived_id("alias-key", tenant_id)
        if (found := tx.find_one(ALIAS_KEYS, {"_id": id})) is not None:
            return bytes.fromhex(self._cipher.reveal(tenant_id, bytes(found["key_ciphertext"])))
        key = secrets.token_bytes(ALIAS_KEY_BYTES)
        sealed = self._cipher.encrypt(tenant_id, key.hex())
        tx.insert(ALIAS_KEYS, {"_id": id, "key_ciphertext": sealed})
        return key

    def has(self, tx: Tx, *, patient_id: str, group_id: str) -> bool:
        """The patient has a name in the group."""
        return bool(tx.find_one(ALIASES, {"patient_id": patient_id, "group_id": group_id}))

    def is_taken(self, tx: Tx, *, alias: str, group_id: str) -> bool:
        """Somebody in the group has this name."""
        return bool(tx.find_one(ALIASES, {"alias": alias, "group_id": group_id}))

    def named(self, reader: Reader, *, alias: str, group_id: str) -> Alias:
        """Whose name it is in the group; NotFound where nobody has it."""
        for found in self._aliases.find(reader, {"alias": alias, "group_id": group_id}):
            return found
        raise NotFound("NOT_FOUND", "no such resource")

    def insert(self, tx: Tx, alias: Alias) -> Alias:
        """Keep a new name; AlreadyExists where the group has it or the patient has one."""
        return self._aliases.insert(tx, alias)


class AliasReveals(Repository[AliasReveal]):
    """Names that were opened."""

    def __init__(self, store: Store) -> None:
        super().__init__(
            store,
            ALIAS_REVEALS,
            to_document=people.reveal_document,
            from_document=people.reveal_from,
            to_messages=message_of,
        )

    def purpose_of(self, reader: Reader, reveal_id: str) -> str:
        """What it was opened for, without a look at whose it is; NotFound where there is none."""
        found = reader.find_one(ALIAS_REVEALS, {"_id": reveal_id}, fields=("purpose",))
        if found is None:
            raise NotFound("NOT_FOUND", "no such resource")
        return str(found["purpose"])


class Reports:
    """Attendance and absences as sessions reported them last."""

    def take_attendance(
        self, tx: Tx, attendance: Attendance, *, version: int, is_part2_protected: bool
    ) -> None:
        """Keep it unless a newer one is here."""
        document = copies.attendance_document(attendance, is_part2_protected=is_part2_protected)
        id = derived_id("attendance", attendance.session_id, attendance.patient_id)
        tx.take_newer(ATTENDANCES, {**document, "_id": id}, aggregate_version=version)

    def take_absence(
        self, tx: Tx, absence: Absence, *, version: int, is_part2_protected: bool
    ) -> None:
        """Keep it unless a newer one is here."""
        document = copies.absence_document(absence, is_part2_protected=is_part2_protected)
        id = derived_id("absence", absence.session_id, absence.patient_id)
        tx.take_newer(ABSENCES, {**document, "_id": id}, aggregate_version=version)

    def forget_case(self, tx: Tx, case_id: str) -> None:
        """Remove the copy of a drill's case."""
        tx.delete(CASES, case_id)

    def attendances(self, reader: Reader, patient_id: str) -> list[Attendance]:
        """All of one patient."""
        found = reader.find(ATTENDANCES, {"patient_id": patient_id})
        return [copies.attendance_from(each) for each in found]

    def absences(self, reader: Reader, patient_id: str) -> list[Absence]:
        """All of one patient."""
        found = reader.find(ABSENCES, {"patient_id": patient_id})
        return [copies.absence_from(each) for each in found]

    def attendance_page(
        self, reader: Reader, patient_id: str, *, page_size: int, page_token: str
    ) -> Page[Attendance]:
        """A part of one patient's, newest first."""
        page = _newest(reader, ATTENDANCES, patient_id, page_size, page_token)
        return Page([copies.attendance_from(each) for each in page.items], page.next_page_token)

    def absence_page(
        self, reader: Reader, patient_id: str, *, page_size: int, page_token: str
    ) -> Page[Absence]:
        """A part of one patient's, newest first."""
        page = _newest(reader, ABSENCES, patient_id, page_size, page_token)
        return Page([copies.absence_from(each) for each in page.items], page.next_page_token)


def _newest(
    reader: Reader, collection: str, patient_id: str, page_size: int, page_token: str
) -> Page[Document]:
    reader.touch(patient_id)
    return reader.page(
        collection,
        {"patient_id": patient_id},
        page_size=page_size,
        page_token=page_token,
        order_by="-create_time",
    )


def _repository(
    store: Store,
    collection: str,
    to_document: Callable[[T], Document],
    from_document: Callable[[Document], T],
) -> Repository[T]:
    return Repository(
        store,
        collection,
        to_document=to_document,
        from_document=from_document,
        to_messages=message_of,
    )
