"""A safety plan: what a patient and a clinician wrote down together for a hard hour.

Its versions never change. Its texts are the patient's own words: here they are ciphertext, and
become text only in an audited query. The plan asks for no promise; such contracts protect nobody
(clinical.md 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import InvalidArgument, Violation


class SectionKind(StrEnum):
    """The parts of a plan in the order in which they are used (clinical.md 5.2)."""

    WARNING_SIGNS = "warning_signs"
    OWN_COPING = "own_coping"
    PEOPLE_AND_PLACES = "people_and_places"
    PEOPLE_TO_ASK = "people_to_ask"
    PROFESSIONALS = "professionals"
    SAFER_SURROUNDINGS = "safer_surroundings"
    REASONS_FOR_LIVING = "reasons_for_living"


OPTIONAL = frozenset({SectionKind.REASONS_FOR_LIVING})
MOST_ITEMS = 20  # a plan that is read in a hard hour is short


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One line; what it says is ciphertext, empty where it says nothing."""

    text: bytes
    phone: bytes = b""


@dataclass(frozen=True, slots=True)
class SealedSection:
    """One part, with at least one line."""

    kind: SectionKind
    items: tuple[SealedItem, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as it was written once, from number 1."""

    patient_id: str
    number: int
    author_id: str
    create_time: datetime
    sections: tuple[SealedSection, ...]

    @property
    def missing(self) -> tuple[SectionKind, ...]:
        """Parts that every plan should have and this one has not."""
        there = {section.kind for section in self.sections} | OPTIONAL
        return tuple(kind for kind in SectionKind if kind not in there)


@dataclass(frozen=True, slots=True)
class Review:
    """When a plan is to be gone through again: as asked (None: as late as allowed), at the latest
    then."""

    asked: datetime | None
    latest: datetime


@dataclass(slots=True)
class SafetyPlan:
    """A patient's plan: which version is in force, and when it is to be gone through again."""

    id: str
    patient_id: str
    number: int = 0
    review_time: datetime | None = None
    # How often a review time was set: the key of the follow-up that watches it.
    review_count: int = 0
    version: int = 0
    events: list[object] = field(default_factory=list)

    def revise(
        self, sections: Sequence[SealedSection], *, author_id: str, review: Review, now: datetime
    ) -> Version:
        """The next version, which takes the place of the one in force."""
        self._set_review(review, now)
        self.number += 1
        ordered = sorted(sections, key=lambda section: list(SectionKind).index(section.kind))
        return Version(self.patient_id, self.number, author_id, now, tuple(ordered))

    def confirm(self, *, review: Review, now: datetime) -> None:
        """The version in force was gone through with the patient and stays as it is."""
        self._set_review(review, now)

    def is_overdue(self, now: datetime) -> bool:
        """True once it should have been gone through again."""
        return self.review_time is not None and self.review_time < now

    def _set_review(self, review: Review, now: datetime) -> None:
        asked = review.asked or review.latest
        if not now < asked <= review.latest:
            fault = Violation("review_time", "OUT_OF_RANGE", "must be soon enough, and to come")
            text = "a plan is gone through again within the tenant's longest time"
            raise InvalidArgument("REVIEW_TIME_OUT_OF_RANGE", text, violations=[fault])
        self.review_time, self.review_count = asked, self.review_count + 1


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan, and its version in force; without texts, so it may be kept as an answer."""

    plan: SafetyPlan
    in_force: Version
    now: datetime
