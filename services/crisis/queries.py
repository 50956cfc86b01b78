"""What crisis answers. Every read of a chart is in the audit trail before the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from prometheus_client import Counter

from chassis.call import Call, system_call
from chassis.errors import FailedPrecondition, NotFound, Unavailable
from chassis.log import failure, get_logger
from chassis.store import Page, Reader, Store
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    KeepEmergencyContact,
    KeepLocation,
    ListPage,
    RevealPack,
    WhoIsOnCall,
)
from services.crisis.domain.escalation import EscalationPolicy
from services.crisis.domain.pack import Contact, EmergencyPack, Place
from services.crisis.domain.rotation import Rotation, Shift
from services.crisis.domain.signal import Severity
from services.crisis.domain.status import PatientStatus, status_of
from services.crisis.domain.timeline import Act
from services.crisis.ports import CaseBook, Copies, Plans, PolicyOf, Reveal

T = TypeVar("T")
SHOWN_ACTS = 200  # crisis.proto GetCaseResponse.acts

log = get_logger(__name__)
fields_unreadable = Counter(
    "haven_crisis_pack_fields_unreadable",
    "Fields of emergency packs that could not be decrypted for whoever asked.",
    ["reason"],
)
for _reason in (
    "KEYS_UNAVAILABLE",
    "STORE_UNAVAILABLE",
    "CIPHERTEXT_FOREIGN",
    "CIPHERTEXT_INVALID",
):
    fields_unreadable.labels(_reason)


class CaseQueries:
    """Cases as clinicians and patients see them."""

    def __init__(
        self, store: Store, *, book: CaseBook, copies: Copies, policy_of: PolicyOf
    ) -> None:
        self._store = store
        self._book = book
        self._copies = copies
        self._policy_of = policy_of

    def get(self, call: Call, case_id: str) -> tuple[Case, list[Act]]:
        """A case and the newest part of its timeline."""

        def look(reader: Reader) -> tuple[Case, list[Act]]:
            case = self._book.load(reader, case_id)
            return case, self._book.newest_acts(reader, case_id, SHOWN_ACTS)

        return self._store.read(call, look)

    def page(self, call: Call, asked: ListPage) -> Page[Case]:
        """Cases, what needs people first; NotFound for a patient of whom nothing is known here."""

        def look(reader: Reader) -> Page[Case]:
            page = self._book.page(reader, asked)
            if asked.id and not page.items and not self._copies.knows(reader, asked.id):
                raise NotFound("NOT_FOUND", "no such resource")
            return page

        return self._store.read(call, look)

    def page_acts(self, call: Call, asked: ListPage) -> Page[Act]:
        """A case's timeline, newest first."""

        def look(reader: Reader) -> Page[Act]:
            self._book.load(reader, asked.id)
            return self._book.page_acts(reader, asked)

        return self._store.read(call, look)

    def unresolved(self, tenant_id: str) -> list[tuple[Severity, bool]]:
        """For metrics: how severe each unresolved case is, and whether it has a deadline.

        Nobody's chart is read, so nothing is noted in the audit trail.
        """
        return self._store.read(
            system_call(tenant_id, service="crisis", action=""), self._book.unresolved
        )

    def patient_status(self, call: Call, patient_id: str) -> PatientStatus:
        """What the patient may be told."""
        call.require_self(patient_id)
        number = self._policy_of(call.tenant_id).call_number

        def look(reader: Reader) -> PatientStatus:
            reader.touch(patient_id)
            return status_of(self._book.open_of(reader, patient_id), number)

        return self._store.read(call, look)


class PackQueries:
    """Where to send help: the only place in crisis where ciphertext becomes text."""

    def __init__(self, store: Store, *, book: CaseBook, copies: Copies, reveal: Reveal) -> None:
        self._store = store
        self._book = book
        self._copies = copies
        self._reveal = reveal

    def reveal(self, call: Call, command: RevealPack) -> EmergencyPack:
        """The pack; who asked and why is durable before anything is decrypted."""
        call = replace(call, purpose=command.purpose)
        case, newest, at_signal, contact = self._store.read(
            call, lambda reader: self._sealed(reader, command.case_id)
        )
        opening = Opening(call, self._reveal)
        return EmergencyPack(
            case_id=case.id,
            patient_id=case.patient_id,
            newest=opening.place("newest_location", newest),
            at_signal=opening.place("signal_location", at_signal),
            contact=opening.contact("emergency_contact", contact),
            unreadable=tuple(opening.unreadable),
        )

    def _sealed(
        self, reader: Reader, case_id: str
    ) -> tuple[Case, KeepLocation | None, KeepLocation | None, KeepEmergencyContact | None]:
        case = self._book.load(reader, case_id)
        at_signal = self._copies.location(reader, case.location_id) if case.location_id else None
        newest = self._copies.newest_location(reader, case.patient_id)
        return case, newest, at_signal, self._copies.contact(reader, case.patient_id)


class Opening:
    """Opens a pack's fields, each alone: help is sent by whatever can be read."""

    def __init__(self, call: Call, reveal: Reveal) -> None:
        self._call, self._reveal = call, reveal
        self.unreadable: list[str] = []

    def place(self, path: str, sealed: KeepLocation | None) -> Place | None:
        """The place, or what of it can be read."""
        if sealed is None:
            return None
        return Place(
            location_id=sealed.location_id,
            state=sealed.state,
            address=self._text(f"{path}.address", sealed.address_ciphertext),
            callback_number=self._text(
                f"{path}.callback_number", sealed.callback_number_ciphertext
            ),
            attest_time=sealed.attest_time,
        )

    def contact(self, path: str, sealed: KeepEmergencyContact | None) -> Contact | None:
        """The person, or what of them can be read."""
        if sealed is None:
            return None
        return Contact(
            name=self._text(f"{path}.name", sealed.name_ciphertext),
            phone=self._text(f"{path}.phone", sealed.phone_ciphertext),
            has_release=sealed.has_release,
        )

    def _text(self, path: str, ciphertext: bytes) -> str:
        if not ciphertext:
            return ""
        self._call.deadline.check()  # keys that are slow to come must not hold the thread for each
        try:
            return self._reveal(self._call.tenant_id, ciphertext)
        except (FailedPrecondition, Unavailable) as error:
            fields_unreadable.labels(error.reason).inc()
            log.warning("pack.field-unreadable", **failure(error))
            self.unreadable.append(path)
            return ""


class PlanQueries:
    """Who is woken, and who is on call."""

    def __init__(self, store: Store, *, plans: Plans) -> None:
        self._store = store
        self._plans = plans

    def policy(self, call: Call, severity: Severity) -> EscalationPolicy:
        """The policy of one severity."""
        return _found(self._store.read(call, lambda r: self._plans.policy(r, severity)))

    def rotation(self, call: Call, name: str) -> Rotation:
        """One rotation."""
        return _found(self._store.read(call, lambda r: self._plans.rotation(r, name)))

    def on_call(self, call: Call, command: WhoIsOnCall) -> Shift | None:
        """Who is on call then; None where nobody is."""

        def look(reader: Reader) -> Shift | None:
            rotation = _found(self._plans.rotation(reader, command.rotation))
            return rotation.on_call(command.instant or reader.now)

        return self._store.read(call, look)


def _found(found: T | None) -> T:
    if found is None:
        raise NotFound("NOT_FOUND", "no such resource")
    return found
