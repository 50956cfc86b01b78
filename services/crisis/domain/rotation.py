"""Who is on call at an instant. Hand-offs keep their wall time through daylight-saving changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.crisis.domain.opt_out import NOBODY_AWAY, Absences
from services.crisis.domain.turns import EveryDays, EveryWeek, HandOff, Turns


class ShiftReason(StrEnum):
    """Why it is this person."""

    TURN = "turn"
    OVERRIDE = "override"
    # Named by whoever opted out.
    SUBSTITUTE = "substitute"
    # Next in the order, for somebody who opted out and named nobody who is there.
    NEXT_IN_TURN = "next_in_turn"


class VacancyReason(StrEnum):
    """Why it is nobody."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else takes over for a while."""

    clinician_id: str
    start: datetime
    end: datetime

    def holds_at(self, instant: datetime) -> bool:
        """True from its start until just before its end."""
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call, and the instant from which it may be somebody else."""

    clinician_id: str
    end: datetime
    reason: ShiftReason = ShiftReason.TURN
    # Who opted out; empty where nobody did.
    absent_id: str = ""

    @property
    def is_override(self) -> bool:
        """True where an override put this person there."""
        return self.reason is ShiftReason.OVERRIDE


@dataclass(frozen=True, slots=True)
class Vacancy:
    """Nobody is on call, at least until `end`; None where nothing that is planned ends it."""

    reason: VacancyReason
    end: datetime | None


@dataclass(slots=True)
class Rotation:
    """People who take turns from `start` on, until `end` if there is one.

    They hand off every `shift_days` at the wall time of the start or, where `hand_offs` are given,
    at each of these.
    """

    id: str
    name: str
    time_zone: str
    start: datetime
    shift_days: int
    clinician_ids: tuple[str, ...]
    overrides: tuple[Override, ...] = ()
    hand_offs: tuple[HandOff, ...] = ()
    end: datetime | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def on_call(self, instant: datetime, absences: Absences = NOBODY_AWAY) -> Shift | None:
        """Whoever is on call then; None where nobody is."""
        found = self.at(instant, absences)
        return found if isinstance(found, Shift) else None

    def at(self, instant: datetime, absences: Absences) -> Shift | Vacancy:
        """Whoever is on call then, or why nobody is. Who opted out never is."""
        absent_id = ""
        for clinician_id, reason in self._candidates(instant, absences):
            present = absences.present(clinician_id, self.name, instant)
            if present:
                is_self = present == clinician_id
                end = self._change_after(instant, absences, reason if is_self else None)
                assert end is not None  # an override ends, and a turn has a next one
                if is_self:
                    return Shift(present, end, reason, absent_id)
                return Shift(present, end, ShiftReason.SUBSTITUTE, absent_id or clinician_id)
            absent_id = absent_id or clinician_id
        return Vacancy(self._why_nobody(instant), self._change_after(instant, absences))

    @property
    def turns(self) -> Turns:
        """When they change."""
        zone = ZoneInfo(self.time_zone)
        if self.hand_offs:
            return EveryWeek(self.start, self.hand_offs, zone)
        return EveryDays(self.start, self.shift_days, zone)

    def is_running(self, instant: datetime) -> bool:
        """True between the first shift and the end of the last."""
        return self.start <= instant and (self.end is None or instant < self.end)

    def _candidates(
        self, instant: datetime, absences: Absences
    ) -> Iterator[tuple[str, ShiftReason]]:
        """Who could be on call then, the first before the others."""
        for override in reversed(self.overrides):
            if override.holds_at(instant):
                yield override.clinician_id, ShiftReason.OVERRIDE
        if self.is_running(instant):
            turn, count = self.turns.at(instant), len(self.clinician_ids)
            yield self.clinician_ids[turn % count], ShiftReason.TURN
            for later in range(turn + 1, turn + count) if absences.is_next_called else ():
                yield self.clinician_ids[later % count], ShiftReason.NEXT_IN_TURN

    def _change_after(
        self, instant: datetime, absences: Absences, reason: ShiftReason | None = None
    ) -> datetime | None:
        """The first later instant at which it may be somebody else."""
        changes = [each.start for each in self.overrides] + [each.end for each in self.overrides]
        changes += [self.start, *absences.changes(self.name)]
        if self.end is not None:
            changes.append(self.end)
        # Turns change behind an override's back.
        if self.is_running(instant) and reason is not ShiftReason.OVERRIDE:
            changes.append(self.turns.next_after(instant))
        return min((each for each in changes if each > instant), default=None)

    def _why_nobody(self, instant: datetime) -> VacancyReason:
        if instant < self.start:
            return VacancyReason.NOT_BEGUN
        return VacancyReason.OPTED_OUT if self.is_running(instant) else VacancyReason.ENDED
