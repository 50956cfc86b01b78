"""Where to send help and whom to call, in plain text. Exists only while it is being answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.crisis.domain.jurisdiction import DutyToWarn, LocalNumber, NumberKind
from services.crisis.domain.safety_plan import SafetyPlan, SectionKind, Version

# clinical.md 5.3: of the record that each session begins with.
ASKED_WITH_A_PLACE = ("others_present", "disconnection_plan")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what a patient said may be before it is shown as stale."""

    place: timedelta
    contact: timedelta


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where the patient said to be."""

    location_id: str
    state: str
    address: str
    callback_number: str
    attest_time: datetime
    # Of that place's own dispatch; empty where whoever recorded the place did not say.
    local_emergency_number: str = ""
    # Who else is there, and what both do if the connection is lost; empty where nobody asked.
    others_present: str = ""
    disconnection_plan: str = ""

    def is_stale(self, now: datetime, fresh: Freshness) -> bool:
        """True where the patient may well be elsewhere by now."""
        return now - self.attest_time > fresh.place


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """Whom to call about the patient."""

    name: str
    phone: str
    has_release: bool
    record_time: datetime | None

    def is_stale(self, now: datetime, fresh: Freshness) -> bool:
        """True where it may well be out of date, and where nobody can say how old it is."""
        return self.record_time is None or now - self.record_time > fresh.contact


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One line of a safety plan."""

    text: str
    phone: str


@dataclass(frozen=True, slots=True, repr=False)
class OpenPlan:
    """A version of a safety plan in plain text, with the plan that it belongs to."""

    plan: SafetyPlan
    shown: Version
    in_force: Version
    sections: tuple[tuple[SectionKind, tuple[Item, ...]], ...]
    call_number: str
    # Paths from the plan, for example "sections[0].items[1].text".
    unreadable: tuple[str, ...]
    etag: str
    now: datetime


@dataclass(frozen=True, slots=True)
class LocalHelp:
    """Whom to call where the patient is; staleness is as of the day of the answer."""

    # The newest place's state first, then the signal's where that is another one.
    numbers: tuple[LocalNumber, ...]
    # None where no place was ever attested.
    duty: DutyToWarn | None
    call_number: str
    dispatch_caution: str
    today: date
    number_fresh_days: int
    duty_fresh_days: int


@dataclass(frozen=True, slots=True, repr=False)
class EmergencyPack:
    """All of it; a missing part is None and named, and what cannot be opened is empty and named."""

    case_id: str
    patient_id: str
    newest: Place | None
    at_signal: Place | None
    contact: Contact | None
    help: LocalHelp
    plan: OpenPlan | None
    # Staleness is as of now.
    now: datetime
    fresh: Freshness
    # From which the newest text about the case came; empty where none did.
    sender_number: str
    # Paths of the wire's fields, for example "newest_location.address".
    unreadable: tuple[str, ...]
    # Parts of which a signal has told and that have not arrived here, by the wire's names.
    awaited: tuple[str, ...] = ()

    @property
    def is_location_changed(self) -> bool:
        """True where the patient has said another place since the signal; both must be known."""
        if self.newest is None or self.at_signal is None:
            return False
        return self.newest.location_id != self.at_signal.location_id

    @property
    def missing(self) -> tuple[str, ...]:
        """Parts that nobody has recorded, by the wire's names."""
        parts = {
            "newest_location": self.newest,
            "signal_location": self.at_signal,
            "emergency_contact": self.contact,
            "safety_plan": self.plan,
            "duty_to_warn": self.help.duty,
            "other_providers": self.plan if self._has_professionals else None,
        }
        state = self.newest.state if self.newest else ""
        there = {number.kind for number in self.help.numbers if number.state == state}
        return (
            *(name for name in parts if parts[name] is None and name not in self.awaited),
            *self._unasked(),
            *(f"local_numbers.{kind.value}" for kind in NumberKind if kind not in there),
        )

    @property
    def _has_professionals(self) -> bool:
        """Other providers are written down in the safety plan, and nowhere else."""
        kinds = {kind for kind, _ in self.plan.sections} if self.plan else set()
        return SectionKind.PROFESSIONALS in kinds

    def _unasked(self) -> Iterator[str]:
        """What belongs to a place and was not recorded with the newest one."""
        for name in ASKED_WITH_A_PLACE if self.newest else ():
            path = f"newest_location.{name}"
            if not getattr(self.newest, name) and path not in self.unreadable:
                yield path
