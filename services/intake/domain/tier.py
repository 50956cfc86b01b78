"""How worried the answers make us."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """Ordered: of two tiers the higher one stands."""

    NONE = 0
    LOW = 1
    MODERATE = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """The tier as it is stored and counted."""
        return self.name.lower()


class Trigger(IntEnum):
    """What made intake raise risk; the numbers are the wire's."""

    PHQ9_ITEM9 = 1
    CSSRS_SCREENER = 2
    SCREENING_ABANDONED = 3
    PHQ9M_SUICIDE_ITEMS = 4
    CRAVING_AND_USE = 5
