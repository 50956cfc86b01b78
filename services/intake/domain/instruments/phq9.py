"""PHQ-9: nine items from 0 to 3, a difficulty item that is not scored, and item 9."""

from __future__ import annotations

from services.intake.domain.instruments.model import Band, Instrument, Item, Provenance, Triage
from services.intake.domain.tier import Trigger

FREQUENCY = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
DIFFICULTY = ("LA6572-7", "LA6573-5", "LA6575-0", "LA6574-3")
CODES = (
    "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3",
)  # fmt: skip
ITEM_9 = "44260-8"
DIFFICULTY_ITEM = "69722-7"

PHQ9 = Instrument(
    id="phq-9",
    version="1",
    panel_code="44249-1",
    items=(
        *(Item(code, place, answer_codes=FREQUENCY) for place, code in enumerate(CODES, start=1)),
        Item(ITEM_9, 9, is_safety_item=True, answer_codes=FREQUENCY),
        Item(DIFFICULTY_ITEM, 10, is_scored=False, answer_codes=DIFFICULTY),
    ),
    bands=(
        Band(0, "minimal"),
        Band(5, "mild"),
        Band(10, "moderate"),
        Band(15, "moderately_severe"),
        Band(20, "severe"),
    ),
    prorated_up_to=2,
    triage=Triage.SAFETY_ITEM,
    trigger=Trigger.PHQ9_ITEM9,
    provenance=Provenance(
        author="Haven",
        date="2026-11-21",
        source="scale and codes: LOINC 44249-1; bands: Kroenke 2001; two missing answers: common"
        " practice of the PHQ manual, to be confirmed by the deploying organization",
    ),
)
