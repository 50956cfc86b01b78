"""The C-SSRS screener, recent version: six questions and, after the sixth, its window. No total."""

from __future__ import annotations

from services.intake.domain.instruments.model import Instrument, Item, Provenance, Triage
from services.intake.domain.tier import Trigger

Q1, Q2, Q3, Q4 = "93246-7", "93247-5", "93248-3", "93249-1"
Q5, Q6, Q6B = "93250-9", "93267-3", "93269-9"
NO, YES = 0, 1
NO_YES = ("LA32-8", "LA33-6")

CSSRS = Instrument(
    id="c-ssrs-screener",
    version="1",
    panel_code="93373-9",
    items=tuple(
        Item(code, place, high=YES, is_scored=False, is_safety_item=True, answer_codes=NO_YES)
        for place, code in enumerate((Q1, Q2, Q3, Q4, Q5, Q6, Q6B), start=1)
    ),
    bands=(),
    prorated_up_to=0,
    triage=Triage.COLUMBIA,
    trigger=Trigger.CSSRS_SCREENER,
    provenance=Provenance(
        author="Haven",
        date="2026-11-21",
        source="codes: LOINC 93373-9; triage: the Columbia screener's published triage points",
    ),
)
