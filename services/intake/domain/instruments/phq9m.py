"""PHQ-9 modified for teens: the nine scored items, and four that are not.

Three of its thirteen act on arrival: item 9, serious thoughts in the past month, and an attempt
ever (clinical.md 1.1 and 5.1). Its wording is a derived work and is not here (1.6).
"""

from __future__ import annotations

from services.intake.domain.instruments.model import Instrument, Item, Provenance, Triage
from services.intake.domain.instruments.phq9 import PHQ9
from services.intake.domain.tier import Trigger

# Haven's own codes: LOINC has a panel and a total, its item codes are not confirmed.
CODES = tuple(f"phq-9m.{place}" for place in range(1, 9))
ITEM_9 = "phq-9m.9"
DYSTHYMIA, DIFFICULTY = "phq-9m.10", "phq-9m.11"
SERIOUS_THOUGHTS, ATTEMPT_EVER = "phq-9m.12", "phq-9m.13"

PHQ9M = Instrument(
    id="phq-9m",
    version="1",
    panel_code="89206-7",
    items=(
        *(Item(code, place) for place, code in enumerate(CODES, start=1)),
        Item(ITEM_9, 9, is_safety_item=True),
        Item(DYSTHYMIA, 10, high=1, is_scored=False),
        Item(DIFFICULTY, 11, is_scored=False),
        Item(SERIOUS_THOUGHTS, 12, high=1, is_scored=False, is_safety_item=True),
        Item(ATTEMPT_EVER, 13, high=1, is_scored=False, is_safety_item=True),
    ),
    bands=PHQ9.bands,
    prorated_up_to=2,
    triage=Triage.SAFETY_ITEM,
    trigger=Trigger.PHQ9M_SUICIDE_ITEMS,
    provenance=Provenance(
        author="Haven",
        date="2026-11-27",
        source="scale: LOINC 89206-7, total 89204-2; bands, two missing answers and what the"
        " suicide items ask for: as the PHQ-9, to be confirmed by the deploying organization",
    ),
)
