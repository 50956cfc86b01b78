"""The daily check-in's two questions about craving and use, Haven's own. No total.

Craving from 90 of 100 on together with use raises risk (clinical.md 5.1); the other questions of
a daily check-in (7.2) are not here.
"""

from __future__ import annotations

from services.intake.domain.instruments.cssrs import NO_YES, YES
from services.intake.domain.instruments.model import Instrument, Item, Provenance, Triage
from services.intake.domain.tier import Trigger

CRAVING, USE = "haven.craving", "haven.use"
WORST_CRAVING, WORRYING_CRAVING = 100, 90

CRAVING_CHECK = Instrument(
    id="craving-check",
    version="1",
    panel_code="haven.craving-check",
    items=(
        Item(
            CRAVING,
            1,
            high=WORST_CRAVING,
            is_scored=False,
            is_safety_item=True,
            endorsed_from=WORRYING_CRAVING,
        ),
        Item(USE, 2, high=YES, is_scored=False, is_safety_item=True, answer_codes=NO_YES),
    ),
    bands=(),
    prorated_up_to=0,
    triage=Triage.SAFETY_ITEMS_TOGETHER,
    trigger=Trigger.CRAVING_AND_USE,
    provenance=Provenance(
        author="Haven",
        date="2026-11-27",
        source="own questions and own number; to be confirmed by the deploying organization",
    ),
)
