"""GAD-7: seven items from 0 to 3."""

from __future__ import annotations

from services.intake.domain.instruments.model import Band, Instrument, Item, Provenance, Triage
from services.intake.domain.instruments.phq9 import FREQUENCY

CODES = ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7")

GAD7 = Instrument(
    id="gad-7",
    version="1",
    panel_code="69737-5",
    items=tuple(Item(code, place, answer_codes=FREQUENCY) for place, code in enumerate(CODES, 1)),
    bands=(Band(0, "minimal"), Band(5, "mild"), Band(10, "moderate"), Band(15, "severe")),
    prorated_up_to=2,
    triage=Triage.NOTHING,
    provenance=Provenance(
        author="Haven",
        date="2026-11-21",
        source="scale and codes: LOINC 69737-5; bands: Spitzer 2006; two missing answers: common"
        " practice, to be confirmed by the deploying organization",
    ),
)
