"""Whom to call at a place, and what its law asks: the shipped table and a tenant's own entries.

A stale entry is shown and marked, never hidden: an old number may still be the right one, and
whoever dials must know that it is old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class NumberKind(StrEnum):
    """Who answers."""

    PSAP = "psap"
    MOBILE_CRISIS = "mobile_crisis"
    EMERGENCY_DEPARTMENT = "emergency_department"


class WarnRule(StrEnum):
    """Whether a clinician must, may or need not warn; unknown until somebody has found out."""

    UNKNOWN = "unknown"
    MANDATORY = "mandatory"
    PERMISSIVE = "permissive"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LocalNumber:
    """A public agency's number, on the day on which somebody verified it."""

    kind: NumberKind
    state: str
    area: str  # "" is the whole state
    name: str
    phone: str
    verified_on: date
    verifier_id: str = ""

    def is_stale(self, today: date, fresh_days: int) -> bool:
        """True once it was verified longer ago than the tenant trusts."""
        return today - self.verified_on > timedelta(days=fresh_days)


@dataclass(frozen=True, slots=True)
class DutyToWarn:
    """A state's rule, as somebody recorded it from its source."""

    state: str
    rule: WarnRule = WarnRule.UNKNOWN
    source: str = ""
    # None: nobody of the tenant has compared it with its source.
    verified_on: date | None = None
    verifier_id: str = ""

    def must_be_checked(self, today: date, fresh_days: int) -> bool:
        """True until somebody of the tenant has found out, and again when that is long ago."""
        if self.rule is WarnRule.UNKNOWN or self.verified_on is None:
            return True
        return today - self.verified_on > timedelta(days=fresh_days)


@dataclass(slots=True)
class Area:
    """A tenant's own numbers of one part of a state."""

    id: str
    state: str
    area: str
    numbers: tuple[LocalNumber, ...] = ()
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)


@dataclass(slots=True)
class WarnEntry:
    """A tenant's own finding about one state."""

    id: str
    duty: DutyToWarn
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """What is shipped: no local number unless a deployment adds them, and the sourced rules."""

    version: int
    dispatch_caution: str
    numbers: tuple[LocalNumber, ...] = ()
    duties: Mapping[str, DutyToWarn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One state as the tenant knows it: its own entries before the table's."""

    state: str
    numbers: tuple[LocalNumber, ...]
    duty: DutyToWarn

    def without_number(self, today: date, fresh_days: int) -> tuple[NumberKind, ...]:
        """Kinds of which no number is fresh."""
        fresh = {each.kind for each in self.numbers if not each.is_stale(today, fresh_days)}
        return tuple(kind for kind in NumberKind if kind not in fresh)


@dataclass(frozen=True, slots=True)
class Survey:
    """One state on one day, by the tenant's own bounds of freshness."""

    jurisdiction: Jurisdiction
    today: date
    number_fresh_days: int
    duty_fresh_days: int
    # Of the tenant's own areas by name, and of its own finding, "" where it has none.
    area_etags: Mapping[str, str]
    duty_etag: str


def jurisdiction_of(
    state: str, table: Table, areas: Iterable[Area], own_duty: DutyToWarn | None
) -> Jurisdiction:
    """The state's numbers, the whole state's first; a tenant's area hides the table's same one."""
    mine = [each for each in areas if each.state == state]
    replaced = {each.area for each in mine}
    shipped = (n for n in table.numbers if n.state == state and n.area not in replaced)
    numbers = [*(number for each in mine for number in each.numbers), *shipped]
    order = list(NumberKind)
    numbers.sort(key=lambda number: (number.area, order.index(number.kind), number.name))
    return Jurisdiction(
        state, tuple(numbers), own_duty or table.duties.get(state) or DutyToWarn(state)
    )
