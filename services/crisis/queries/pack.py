"""Where to send help, and how a tenant's ciphertext becomes text for whoever may read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from prometheus_client import Counter

from chassis.call import Call
from chassis.errors import FailedPrecondition, Unavailable
from chassis.log import failure, get_logger
from chassis.store import Reader, Store, etag_of
from services.crisis.domain.case import Case
from services.crisis.domain.commands import KeepEmergencyContact, RevealPack
from services.crisis.domain.jurisdiction import Jurisdiction
from services.crisis.domain.location import KeepLocation
from services.crisis.domain.pack import Contact, EmergencyPack, Item, OpenPlan, Place
from services.crisis.domain.safety_plan import SafetyPlan, SealedItem, Version
from services.crisis.ports import CaseBook, Copies, Reveal
from services.crisis.ports.aftercare import SafetyPlanBook
from services.crisis.queries.places import Places

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


@dataclass(frozen=True, slots=True)
class Sealed:
    """A pack as it is stored, texts still ciphertext."""

    case: Case
    newest: KeepLocation | None
    at_signal: KeepLocation | None
    contact: KeepEmergencyContact | None
    places: tuple[Jurisdiction, ...]
    plan: tuple[SafetyPlan, Version] | None
    now: datetime

    @property
    def is_place_awaited(self) -> bool:
        """True where the signal named a place whose copy has not arrived."""
        return bool(self.case.location_id) and self.at_signal is None


class PackQueries:
    """Where to send help: an audited reveal of all that was ever said about it."""

    def __init__(
        self,
        store: Store,
        *,
        book: CaseBook,
        copies: Copies,
        plans: SafetyPlanBook,
        places: Places,
        reveal: Reveal,
    ) -> None:
        self._store, self._book, self._copies = store, book, copies
        self._plans, self._places, self._reveal = plans, places, reveal

    def reveal(self, call: Call, command: RevealPack) -> EmergencyPack:
        """The pack; who asked and why is durable before anything is decrypted."""
        call = replace(call, purpose=command.purpose)
        sealed = self._store.read(call, lambda reader: self._sealed(reader, command.case_id))
        opening = Opening(call, self._reveal)
        newest = opening.place("newest_location", sealed.newest)
        at_signal = opening.place("signal_location", sealed.at_signal)
        contact = opening.contact("emergency_contact", sealed.contact)
        return EmergencyPack(
            case_id=sealed.case.id,
            patient_id=sealed.case.patient_id,
            newest=newest,
            at_signal=at_signal,
            contact=contact,
            help=self._places.help(call, sealed.places, sealed.now),
            plan=self._opened(call, sealed),
            now=sealed.now,
            fresh=self._places.freshness(call),
            sender_number=opening.sender(sealed.case.sender_ciphertext),
            unreadable=tuple(opening.unreadable),
            awaited=("signal_location",) if sealed.is_place_awaited else (),
        )

    def _sealed(self, reader: Reader, case_id: str) -> Sealed:
        case = self._book.load(reader, case_id)
        at_signal = self._at_signal(reader, case)
        newest = self._copies.newest_location(reader, case.patient_id)
        states = dict.fromkeys(place.state for place in (newest, at_signal) if place)
        plan = self._plans.of(reader, case.patient_id)
        version = self._plans.version(reader, case.patient_id, plan.number) if plan else None
        return Sealed(
            case=case,
            newest=newest,
            at_signal=at_signal,
            contact=self._copies.contact(reader, case.patient_id),
            places=tuple(self._places.jurisdiction(reader, state) for state in states),
            plan=(plan, version) if plan and version else None,
            now=reader.now,
        )

    def _at_signal(self, reader: Reader, case: Case) -> KeepLocation | None:
        """Where the signal says, else where the patient had said to be by then: read when it is
        asked for, because what was attested before the signal may arrive after it."""
        if case.location_id:
            return self._copies.location(reader, case.location_id)
        return self._copies.newest_location(reader, case.patient_id, until=case.place_time)

    def _opened(self, call: Call, sealed: Sealed) -> OpenPlan | None:
        if sealed.plan is None:
            return None
        plan, version = sealed.plan
        number = self._places.call_number(call)
        shown = Shown(plan, shown=version, in_force=version, now=sealed.now)
        return Opening(call, self._reveal).plan(shown, number)


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a plan that somebody may read, and the plan as it stands."""

    plan: SafetyPlan
    shown: Version
    in_force: Version
    now: datetime


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
            local_emergency_number=self._text(
                f"{path}.local_emergency_number", sealed.emergency_number_ciphertext
            ),
            others_present=self._text(f"{path}.others_present", sealed.others_present_ciphertext),
            disconnection_plan=self._text(
                f"{path}.disconnection_plan", sealed.disconnection_plan_ciphertext
            ),
        )

    def contact(self, path: str, sealed: KeepEmergencyContact | None) -> Contact | None:
        """The person, or what of them can be read."""
        if sealed is None:
            return None
        return Contact(
            name=self._text(f"{path}.name", sealed.name_ciphertext),
            phone=self._text(f"{path}.phone", sealed.phone_ciphertext),
            has_release=sealed.has_release,
            record_time=sealed.record_time,
        )

    def sender(self, ciphertext: bytes) -> str:
        """The number from which a text came."""
        return self._text("sender_number", ciphertext)

    def plan(self, shown: Shown, call_number: str) -> OpenPlan:
        """The version, or what of it can be read."""
        sections = tuple(
            (section.kind, tuple(self._items(f"sections[{index}]", section.items)))
            for index, section in enumerate(shown.shown.sections)
        )
        return OpenPlan(
            plan=shown.plan,
            shown=shown.shown,
            in_force=shown.in_force,
            sections=sections,
            call_number=call_number,
            unreadable=tuple(self.unreadable),
            etag=etag_of(shown.plan),
            now=shown.now,
        )

    def _items(self, path: str, items: Iterable[SealedItem]) -> Iterator[Item]:
        for index, item in enumerate(items):
            yield Item(
                text=self._text(f"{path}.items[{index}].text", item.text),
                phone=self._text(f"{path}.items[{index}].phone", item.phone),
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
