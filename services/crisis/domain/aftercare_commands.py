"""What may be asked about safety plans, follow-ups and jurisdictions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.crisis.domain.follow_up import CancelReason, Outcome, Owner, Text
from services.crisis.domain.jurisdiction import NumberKind, WarnRule
from services.crisis.domain.safety_plan import SectionKind


@dataclass(frozen=True, slots=True, repr=False)
class PlainItem:
    """One line of a plan as it was said."""

    text: str
    phone: str


@dataclass(frozen=True, slots=True, repr=False)
class PlainSection:
    """One part of a plan as it was said."""

    kind: SectionKind
    items: tuple[PlainItem, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ReviseSafetyPlan:
    """The next version of a patient's plan."""

    patient_id: str
    sections: tuple[PlainSection, ...]
    # None: as late as the tenant allows.
    review_time: datetime | None
    etag: str


@dataclass(frozen=True, slots=True)
class ReviewSafetyPlan:
    """The version in force stays."""

    patient_id: str
    review_time: datetime | None
    etag: str


@dataclass(frozen=True, slots=True)
class GetSafetyPlan:
    """A patient's plan; number 0 is the version in force."""

    patient_id: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class ListFollowUps:
    """A part of a list; what is empty or None does not narrow it."""

    patient_id: str
    owner: Owner | None
    due_before: datetime | None
    with_closed: bool
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class CompleteFollowUp:
    """The caller has done it."""

    follow_up_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReassignFollowUp:
    """Somebody else has it."""

    follow_up_id: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class CancelFollowUp:
    """It will not be done."""

    follow_up_id: str
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class FollowDischarge:
    """A patient's program is over."""

    patient_id: str
    episode_id: str
    # Empty where nobody says who discharged the patient.
    clinician_id: str
    discharge_time: datetime
    # With whoever goes on treating the patient; None where nobody knows.
    first_appointment: datetime | None


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text came that no rule understood."""

    inbound_review_id: str
    patient_id: str
    text: Text
    receive_time: datetime


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """One number as somebody verified it."""

    kind: NumberKind
    name: str
    phone: str
    verified_on: date


@dataclass(frozen=True, slots=True)
class PutLocalNumbers:
    """The tenant's numbers of one area."""

    state: str
    area: str
    numbers: tuple[NumberEntry, ...]
    etag: str


@dataclass(frozen=True, slots=True)
class PutDutyToWarn:
    """What the tenant's counsel found out about a state."""

    state: str
    rule: WarnRule
    source: str
    verified_on: date
    etag: str
