"""A patient as intake knows one: an id, and ciphertext of who it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from services.intake.domain.referral import Payer, Track


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who somebody is, in plain. Lives for one request; prints as ***."""

    legal_name: str
    birth_date: date
    email: str
    phone: str

    def __repr__(self) -> str:
        return "Identity(***)"

    def age(self, today: date) -> int:
        """Full years; somebody born on 29 February has the birthday on 1 March in other years."""
        had_birthday = (today.month, today.day) >= (self.birth_date.month, self.birth_date.day)
        return today.year - self.birth_date.year - (0 if had_birthday else 1)


@dataclass(frozen=True, slots=True, repr=False)
class SealedIdentity:
    """Who somebody is, as the tenant's ciphertext. An absent contact is empty."""

    legal_name_ciphertext: bytes
    birth_date_ciphertext: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SealedContact:
    """How to reach somebody, as the tenant's ciphertext; empty where there is none."""

    email_ciphertext: bytes
    phone_ciphertext: bytes
    time_zone: str


@dataclass(frozen=True, slots=True)
class ContactWasRecorded:
    """How to reach the patient is known or has changed."""

    patient_id: str
    contact: SealedContact


@dataclass(kw_only=True)
class Patient:
    """A person in care."""

    id: str
    referral_id: str
    episode_id: str
    referrer_id: str
    track: Track
    payer: Payer
    identity: SealedIdentity = field(repr=False)
    contact: SealedContact = field(repr=False)
    create_time: datetime
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """The patient's own id, under the name that other aggregates use."""
        return self.id

    @property
    def is_part2_protected(self) -> bool:
        """42 CFR Part 2 applies."""
        return self.track.is_part2_protected

    def announce(self) -> None:
        """Tell how the patient can be reached; once, at the referral."""
        self.events.append(ContactWasRecorded(self.id, self.contact))

    def change_contact(self, contact: SealedContact) -> None:
        """Replace e-mail, phone and time zone."""
        self.contact = contact
        self.announce()
