"""Whether it worries that a patient did not come, and to what they did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from services.crisis.domain.signal import Severity

# clinical.md 4.1 [D]: where risk is moderate or higher somebody calls within 15 minutes, otherwise
# within two hours. The case asks for the first; the nudge and the day's calls are for the second.
WORRIES: Mapping[str, Severity | None] = MappingProxyType(
    {"none": None, "low": None, "moderate": Severity.LOW, "high": Severity.MODERATE}
)


@dataclass(frozen=True, slots=True)
class Absence:
    """The session to which a patient did not come, or the several that one call is about."""

    # Empty where they are several, or where nobody knows which.
    session_id: str = ""
    # When the newest of them began; None where nobody knows.
    start_time: datetime | None = None

    def joined(self, other: Absence) -> Absence:
        """Both; what nobody knows of one of them, nobody knows of both."""
        session_id = self.session_id if self.session_id == other.session_id else ""
        if self.start_time is None or other.start_time is None:
            return Absence(session_id)
        return Absence(session_id, max(self.start_time, other.start_time))

    def ends_with(self, session_id: str, arrive_time: datetime | None) -> bool:
        """True where who came to this session then has missed nothing since.

        The word of the coming may be late: meanwhile they went and did not come to another.
        """
        if self.session_id and self.session_id == session_id:
            return True  # whatever the clocks say
        if self.start_time is None or arrive_time is None:
            return False
        return self.start_time <= arrive_time


UNKNOWN = Absence()


def worry(tiers: Iterable[str]) -> Severity | None:
    """How much an absence worries, after the patient's newest screenings; None where it does not.

    A tier that this release does not know counts as the highest. A patient who was never screened
    was never found to be in danger: the absence is the outreach's alone.
    """
    found = [WORRIES.get(tier, Severity.MODERATE) for tier in tiers]
    return max((each for each in found if each is not None), default=None)
