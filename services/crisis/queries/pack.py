"""Where to send help, and how a tenant's ciphertext becomes text for whoever may read it."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import Counter

from chassis.call import Call
from chassis.errors import FailedPrecondition, Unavailable
from chassis.log import failure, get_logger
from chassis.store import Reader, Store
from services.crisis.domain.case import Case
from services.crisis.domain.commands import KeepEmergencyContact, KeepLocation, RevealPack
from services.crisis.domain.pack import Contact, EmergencyPack, Place
from services.crisis.ports import CaseBook, Copies, Reveal

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
