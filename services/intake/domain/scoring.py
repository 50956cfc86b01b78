"""Totals and bands. What may be estimated is the instrument's; a missing total is not zero."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from services.intake.domain.answers import Answers
from services.intake.domain.instruments.model import Instrument


class ScoreMethod(Enum):
    """How the total came about."""

    COMPLETE = "complete"
    PRORATED = "prorated"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Score:
    """A total with its band, or none; and how many scored answers are missing."""

    value: int | None
    method: ScoreMethod
    missing: int
    band: str = ""


def score(instrument: Instrument, answers: Answers) -> Score:
    """The total by the instrument's own missing-answer rule."""
    items = instrument.scored_items
    values = [value for item in items if isinstance(value := answers.get(item.code), int)]
    missing = len(items) - len(values)
    if not values or missing > instrument.prorated_up_to:
        return Score(None, ScoreMethod.NONE, missing)
    # floor(sum x items / answered + 1/2), in whole numbers: no rounding of binary fractions.
    total = (2 * sum(values) * len(items) + len(values)) // (2 * len(values))
    method = ScoreMethod.PRORATED if missing else ScoreMethod.COMPLETE
    return Score(total, method, missing, _band(instrument, total))


def _band(instrument: Instrument, total: int) -> str:
    return [band.code for band in instrument.bands if band.lowest <= total][-1]
