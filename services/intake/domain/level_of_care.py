"""A placement result as a clinician entered it.

ASAM and LOCUS are recorded, never computed: the levels of each edition are an ordered list, and
the one rule over it is that the highest of what was found stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import InvalidArgument, Violation

NO_NEED, ANY_LEVEL, EVALUATE_FIRST = "0", "ANY", "EVAL"
OPEN_LEVELS = frozenset({"", NO_NEED, ANY_LEVEL, EVALUATE_FIRST})


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a framework: its levels from least to most intensive, and its dimensions."""

    framework: str
    edition: str
    levels: tuple[str, ...]
    # A result on one of these needs physicians and nurses at hand, which a virtual program lacks.
    medically_managed: frozenset[str]
    withdrawal: frozenset[str]
    dimensions: tuple[str, ...]
    # Empty where the edition rates sub-dimensions by letters of its own.
    ratings: tuple[str, ...]
    # The dimension about intoxication and withdrawal; empty where the framework has none.
    withdrawal_dimension: str


ASAM_3 = Edition(
    framework="asam",
    edition="3",
    levels=(
        "0.5", "1", "OTP", "1-WM", "2.1", "2-WM", "2.5", "3.1", "3.2-WM", "3.3", "3.5", "3.7",
        "3.7-WM", "4", "4-WM",
    ),
    medically_managed=frozenset({"3.7", "3.7-WM", "4", "4-WM"}),
    withdrawal=frozenset({"1-WM", "2-WM", "3.2-WM", "3.7-WM", "4-WM"}),
    dimensions=("D1", "D2", "D3", "D4", "D5", "D6"),
    ratings=("0", "1", "2", "3", "4"),
    withdrawal_dimension="D1",
)  # fmt: skip
ASAM_4 = Edition(
    framework="asam",
    edition="4",
    levels=(
        "1.0", "1.5", "1.5 COE", "1.7", "1.7 COE", "2.1", "2.1 COE", "2.5", "2.5 COE", "2.7",
        "2.7 COE", "3.1", "3.1 COE", "3.5", "3.5 COE", "3.7", "3.7 COE", "3.7 BIO", "4", "4 PSYCH",
    ),
    medically_managed=frozenset(
        {"1.7", "1.7 COE", "2.7", "2.7 COE", "3.7", "3.7 COE", "3.7 BIO", "4", "4 PSYCH"}
    ),
    withdrawal=frozenset(),
    dimensions=("D1", "D2", "D3", "D4", "D5", "D6"),
    ratings=(),
    withdrawal_dimension="D1",
)  # fmt: skip
LOCUS_20 = Edition(
    framework="locus",
    edition="20",
    levels=("basic", "1", "2", "3", "4", "5", "6"),
    medically_managed=frozenset({"6"}),
    withdrawal=frozenset(),
    dimensions=("I", "II", "III", "IV-A", "IV-B", "V", "VI"),
    ratings=("1", "2", "3", "4", "5"),
    withdrawal_dimension="",
)
EDITIONS: Mapping[tuple[str, str], Edition] = {
    (each.framework, each.edition): each for each in (ASAM_3, ASAM_4, LOCUS_20)
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension's rating and the least intensive level that is safe for it."""

    code: str
    rating: str
    minimum_level: str


@dataclass(frozen=True, slots=True)
class LevelOfCare:
    """A signed result: what was found, what is recommended, where the patient goes."""

    framework: str
    edition: str
    dimensions: tuple[Dimension, ...]
    recommended_level: str
    actual_level: str
    override_reason: str
    withdrawal_needs_management: bool
    has_complicated_withdrawal_history: bool
    weekly_hours: int
    # Set when it is recorded.
    assessor_id: str = ""
    assess_time: datetime | None = None

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise InvalidArgument(faults[0].reason, "result at fault", violations=faults)

    @property
    def required_level(self) -> str:
        """The highest of the recommended level and every dimension's minimum."""
        levels = EDITIONS[self.framework, self.edition].levels
        found = [each.minimum_level for each in self.dimensions if each.minimum_level in levels]
        return max([self.recommended_level, *found], key=levels.index)

    @property
    def needs_evaluation(self) -> bool:
        """A dimension must be evaluated before a level can be said."""
        return any(each.minimum_level == EVALUATE_FIRST for each in self.dimensions)

    @property
    def is_medically_managed(self) -> bool:
        """Some part of the result asks for a medically managed level, whatever the rest says."""
        managed = EDITIONS[self.framework, self.edition].medically_managed
        return self.recommended_level in managed or any(
            each.minimum_level in managed for each in self.dimensions
        )

    @property
    def is_withdrawal_assessed(self) -> bool:
        """The dimension about withdrawal was rated, where the framework has one."""
        dimension = EDITIONS[self.framework, self.edition].withdrawal_dimension
        return not dimension or any(each.code == dimension for each in self.dimensions)

    def has_withdrawal_need(self, highest_rating: int) -> bool:
        """Withdrawal that a virtual program cannot manage: found, or rated above this."""
        edition = EDITIONS[self.framework, self.edition]
        found = {self.recommended_level, *(each.minimum_level for each in self.dimensions)}
        rated_high = any(
            each.code == edition.withdrawal_dimension
            and each.rating.isdigit()
            and int(each.rating) > highest_rating
            for each in self.dimensions
        )
        return (
            self.withdrawal_needs_management
            or self.has_complicated_withdrawal_history
            or rated_high
            or bool(found & edition.withdrawal)
        )


def _faults(result: LevelOfCare) -> list[Violation]:
    edition = EDITIONS.get((result.framework, result.edition))
    if edition is None:
        text = "not an edition of this framework"
        return [Violation("level_of_care.edition", "EDITION_UNKNOWN", text)]
    faults = [
        Violation(f"level_of_care.{name}", "LEVEL_UNKNOWN", "not a level of this edition")
        for name in ("recommended_level", "actual_level")
        if getattr(result, name) not in edition.levels
    ]
    for place, dimension in enumerate(result.dimensions):
        faults += _dimension_faults(edition, dimension, f"level_of_care.dimensions[{place}]")
    codes = [each.code for each in result.dimensions]
    if len(set(codes)) < len(codes):
        faults.append(Violation("level_of_care.dimensions", "DIMENSION_REPEATED", "rated twice"))
    if not faults and _is_below(edition, result) and not result.override_reason:
        text = "required where the actual level lies below what the result asks for"
        faults.append(Violation("level_of_care.override_reason", "OVERRIDE_REASON_MISSING", text))
    return faults


def _dimension_faults(edition: Edition, dimension: Dimension, path: str) -> list[Violation]:
    faults = []
    if dimension.code not in edition.dimensions:
        text = "not a dimension of this edition"
        faults.append(Violation(f"{path}.code", "DIMENSION_UNKNOWN", text))
    if dimension.rating and edition.ratings and dimension.rating not in edition.ratings:
        text = "not a rating of this edition"
        faults.append(Violation(f"{path}.rating", "RATING_UNKNOWN", text))
    if dimension.minimum_level not in OPEN_LEVELS | set(edition.levels):
        text = "not a level of this edition"
        faults.append(Violation(f"{path}.minimum_level", "LEVEL_UNKNOWN", text))
    return faults


def _is_below(edition: Edition, result: LevelOfCare) -> bool:
    order = edition.levels.index
    return order(result.actual_level) < order(result.required_level)
