"""How a patient says they are, from 0 (the worst) to 10 (the best), and when that worries.

One question of Haven's own, no instrument: those of this kind are licensed (clinical.md 1.6). The
rules are program policy [D] in the shape of the own session check (clinical.md 1.1: a low answer,
or a drop of 3, needs a look on the same day). What is no such number is the worst that it could be
(features.md F4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clinical.risk import Severity
from services.sessions.domain.events import ChatRiskRaised, LocationAttested
from services.sessions.domain.policy import SessionsPolicy

WORST, BEST = 0, 10


class MoodConcern(StrEnum):
    """Why somebody should look."""

    LOW = "low"
    VERY_LOW = "very_low"
    UNREADABLE = "unreadable"
    DROPPED = "dropped"


SEVERITIES = {
    MoodConcern.LOW: Severity.LOW,
    MoodConcern.DROPPED: Severity.LOW,
    MoodConcern.VERY_LOW: Severity.MODERATE,
    MoodConcern.UNREADABLE: Severity.MODERATE,
}


def readable(value: int | None) -> int | None:
    """The value where it is one."""
    return value if value is not None and WORST <= value <= BEST else None


def concerns_of(
    value: int | None, earlier: Iterable[int | None], policy: SessionsPolicy
) -> tuple[MoodConcern, ...]:
    """Everything that worries about a mood, after the earlier ones of the same session."""
    felt = WORST if value is None else value
    known = [each for each in earlier if each is not None]
    found = {
        MoodConcern.UNREADABLE: value is None,
        MoodConcern.VERY_LOW: value is not None and felt <= policy.mood_very_low,
        MoodConcern.LOW: value is not None and policy.mood_very_low < felt <= policy.mood_low,
        MoodConcern.DROPPED: bool(known) and max(known) - felt >= policy.mood_drop,
    }
    return tuple(concern for concern, is_found in found.items() if is_found)


def severity_of(concerns: Iterable[MoodConcern]) -> Severity | None:
    """How bad it may be; None where nothing worries."""
    return max((SEVERITIES[each] for each in concerns), default=None)


@dataclass(slots=True)
class MoodCheckIn:
    """Given once; staff of the room see it, and crisis hears of it where the program says so."""

    id: str
    session_id: str
    patient_id: str
    # None: what came was no number from 0 to 10.
    value: int | None
    # The room's event that asked; 0 = nobody did.
    ask_number: int
    concerns: tuple[MoodConcern, ...]
    give_time: datetime
    is_crisis_told: bool = False
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def severity(self) -> Severity | None:
        """How bad it may be; None where nothing worries."""
        return severity_of(self.concerns)

    def is_for_crisis(self, policy: SessionsPolicy) -> bool:
        """True where the program wants crisis to hear of such a mood."""
        least, severity = policy.mood_crisis, self.severity
        return least != "never" and severity is not None and severity >= Severity[least.upper()]

    def tell(self, severity: Severity, location: LocationAttested | None) -> None:
        """Crisis hears of it the way in which it hears of words, with the place."""
        self.is_crisis_told = True
        self.events.append(
            ChatRiskRaised(
                chat_risk_id=self.id,
                session_id=self.session_id,
                patient_id=self.patient_id,
                severity=severity,
                number=0,
                location=location,
                raise_time=self.give_time,
                mood_check_in_id=self.id,
            )
        )
