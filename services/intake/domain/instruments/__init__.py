"""The instruments that can be answered here: data, versioned, without any wording."""

from __future__ import annotations

from chassis.errors import InvalidArgument, Violation
from services.intake.domain.instruments.craving import CRAVING_CHECK
from services.intake.domain.instruments.cssrs import CSSRS
from services.intake.domain.instruments.gad7 import GAD7
from services.intake.domain.instruments.model import Instrument
from services.intake.domain.instruments.phq9 import PHQ9
from services.intake.domain.instruments.phq9m import PHQ9M

INSTRUMENTS: tuple[Instrument, ...] = (PHQ9, PHQ9M, GAD7, CSSRS, CRAVING_CHECK)


def instrument_of(instrument: str, version: str) -> Instrument:
    """That version of that instrument; InvalidArgument where there is none."""
    versions = [each for each in INSTRUMENTS if each.id == instrument]
    if not versions:
        raise _unknown("INSTRUMENT_UNKNOWN", "instrument", "is not an instrument of this release")
    for each in versions:
        if each.version == version:
            return each
    raise _unknown(
        "INSTRUMENT_VERSION_UNKNOWN", "instrument_version", "is not a version of this instrument"
    )


def _unknown(reason: str, field: str, description: str) -> InvalidArgument:
    violation = Violation(field=field, reason=reason, description=description)
    return InvalidArgument(reason, f"{field} {description}", violations=[violation])
