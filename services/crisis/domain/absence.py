"""Whether it worries that a patient did not come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.crisis.domain.signal import Severity

# clinical.md 4.1 [D]: where risk is moderate or higher somebody calls within 15 minutes, otherwise
# within two hours. The case asks for the first; the nudge and the day's calls are for the second.
WORRIES: Mapping[str, Severity | None] = MappingProxyType(
    {"none": None, "low": None, "moderate": Severity.LOW, "high": Severity.MODERATE}
)


def worry(tiers: Iterable[str]) -> Severity | None:
    """How much an absence worries, after the patient's newest screenings; None where it does not.

    A tier that this release does not know counts as the highest. A patient who was never screened
    was never found to be in danger: the absence is the outreach's alone.
    """
    found = [WORRIES.get(tier, Severity.MODERATE) for tier in tiers]
    return max((each for each in found if each is not None), default=None)
