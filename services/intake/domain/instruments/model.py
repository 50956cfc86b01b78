"""What an instrument is: questions by code, a scale, bands, what may be estimated. No wording."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from chassis.errors import NotFound
from services.intake.domain.tier import Trigger


class Triage(Enum):
    """How answers become a tier."""

    NOTHING = "nothing"
    # Any endorsed safety item counts.
    SAFETY_ITEM = "safety_item"
    # Its safety items count where all of them are endorsed.
    SAFETY_ITEMS_TOGETHER = "safety_items_together"
    # The Columbia screener's rule over seven answers.
    COLUMBIA = "columbia"


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its LOINC code and the values it takes."""

    code: str
    position: int
    low: int = 0
    high: int = 3
    is_scored: bool = True
    is_safety_item: bool = False
    # A safety item's lowest value that is worrying.
    endorsed_from: int = 1
    # LOINC answer codes for low, low + 1 ... high.
    answer_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A severity band, from its lowest total upwards."""

    lowest: int
    code: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who set these numbers, when, and from what."""

    author: str
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of one instrument, as data."""

    id: str
    version: str
    panel_code: str
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    # More missing answers than this, and there is no total.
    prorated_up_to: int
    triage: Triage
    provenance: Provenance
    # What its safety items raise; None where it has none.
    trigger: Trigger | None = None

    @property
    def scored_items(self) -> tuple[Item, ...]:
        """The items that count towards the total."""
        return tuple(item for item in self.items if item.is_scored)

    @property
    def safety_items(self) -> tuple[Item, ...]:
        """The items that act on arrival."""
        return tuple(item for item in self.items if item.is_safety_item)

    def item(self, code: str) -> Item:
        """The item with this code; NotFound("ITEM_CODE_UNKNOWN") for any other code."""
        for item in self.items:
            if item.code == code:
                return item
        raise NotFound("ITEM_CODE_UNKNOWN", "the instrument has no item of this code")

    def has_item(self, code: str) -> bool:
        """True where the code is one of this instrument's."""
        return any(item.code == code for item in self.items)
