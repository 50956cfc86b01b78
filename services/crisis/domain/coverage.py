"""Hours that nobody covers, before they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from services.crisis.domain.escalation import Target, TargetKind
from services.crisis.domain.opt_out import Absences
from services.crisis.domain.reach import NEVER_TOLD, Reach
from services.crisis.domain.rotation import Rotation, Shift, ShiftReason, VacancyReason


class GapKind(StrEnum):
    """Why nobody is there, or can be called."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    OPTED_OUT = "opted_out"
    # Somebody is, and no page can reach them.
    UNREACHABLE = "unreachable"
    # An escalation policy names a rotation that does not exist.
    ROTATION_UNKNOWN = "rotation_unknown"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which nothing changes in a rotation; nobody is there where the id is empty."""

    start: datetime
    end: datetime
    clinician_id: str
    reason: ShiftReason | VacancyReason
    absent_id: str = ""

    def continues(self, other: Stretch) -> bool:
        """True where this is more of what the other one is."""
        mine = (self.clinician_id, self.reason, self.absent_id)
        return mine == (other.clinician_id, other.reason, other.absent_id)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nobody who can be called is behind a rotation, or behind a person whom a rung
    names."""

    target: Target
    kind: GapKind
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long."""
        return (self.end - self.start).total_seconds() / 3600


def stretches(
    rotation: Rotation, absences: Absences, *, start: datetime, end: datetime
) -> list[Stretch]:
    """What holds from `start` until `end`, one after the other, without a break."""
    found: list[Stretch] = []
    for each in _steps(rotation, absences, start=start, end=end):
        if found and each.continues(found[-1]):
            found[-1] = replace(found[-1], end=each.end)
        else:
            found.append(each)
    return found


def gaps(
    rotation: Rotation,
    absences: Absences,
    reach: Reach = NEVER_TOLD,
    *,
    start: datetime,
    end: datetime,
) -> list[Gap]:
    """The exact times in between in which nobody covers the rotation."""
    target = Target(TargetKind.ROTATION, rotation.name)
    found = [
        (each, _why_not(each, reach))
        for each in stretches(rotation, absences, start=start, end=end)
    ]
    return [Gap(target, kind, each.start, each.end) for each, kind in found if kind is not None]


def gaps_behind(
    clinician_id: str,
    absences: Absences,
    reach: Reach = NEVER_TOLD,
    *,
    start: datetime,
    end: datetime,
) -> list[Gap]:
    """The exact times in between in which nobody takes the calls of a person."""
    target = Target(TargetKind.CLINICIAN, clinician_id)
    changes = {each for each in absences.changes("") if start < each < end}
    found: list[Gap] = []
    for since, until in pairwise(sorted({start, end, *changes})):
        present = absences.present(clinician_id, "", since)
        if present and not reach.misses(present):
            continue
        gap = Gap(target, GapKind.UNREACHABLE if present else GapKind.OPTED_OUT, since, until)
        if found and (found[-1].end, found[-1].kind) == (since, gap.kind):
            found[-1] = replace(found[-1], end=until)
        else:
            found.append(gap)
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that says who is called, as a tenant has set it."""

    rotations: Mapping[str, Rotation]
    absences: Absences
    # Whom the rungs of the escalation policies name.
    named: frozenset[Target]
    reach: Reach = NEVER_TOLD

    def gaps(self, *, start: datetime, end: datetime) -> list[Gap]:
        """Every hole that somebody could fall into, the next one first.

        A rotation that no policy names owes nobody cover before it begins and after it ends.
        """
        found: list[Gap] = []
        for target in self.named:
            if target.clinician_id:
                found += gaps_behind(
                    target.clinician_id, self.absences, self.reach, start=start, end=end
                )
            elif target.rotation_id and target.rotation_id not in self.rotations:
                found.append(Gap(target, GapKind.ROTATION_UNKNOWN, start, end))
        for rotation in self.rotations.values():
            is_named = Target(TargetKind.ROTATION, rotation.name) in self.named
            found += [
                gap
                for gap in gaps(rotation, self.absences, self.reach, start=start, end=end)
                if is_named or gap.kind is GapKind.OPTED_OUT
            ]
        return sorted(found, key=lambda gap: (gap.start, gap.target.kind, gap.target.id))

    def covers(self, rotation: str, now: datetime) -> bool:
        """Whether somebody who can be called is on call in the rotation then."""
        known = self.rotations.get(rotation)
        shift = known.on_call(now, self.absences) if known else None
        return shift is not None and not self.reach.misses(shift.clinician_id)


def hours_by_kind(found: Sequence[Gap]) -> dict[GapKind, float]:
    """How many hours nobody covers, by why; every kind is there."""
    return {kind: sum(gap.hours for gap in found if gap.kind is kind) for kind in GapKind}


def _why_not(stretch: Stretch, reach: Reach) -> GapKind | None:
    """Why nobody can be called in that time; None where somebody can."""
    if not stretch.clinician_id:
        return GapKind(stretch.reason.value)
    return GapKind.UNREACHABLE if reach.misses(stretch.clinician_id) else None


def _steps(
    rotation: Rotation, absences: Absences, *, start: datetime, end: datetime
) -> Iterator[Stretch]:
    """From one possible change to the next."""
    instant = start
    while instant < end:
        found = rotation.at(instant, absences)
        until = min(found.end or end, end)
        if isinstance(found, Shift):
            yield Stretch(instant, until, found.clinician_id, found.reason, found.absent_id)
        else:
            yield Stretch(instant, until, "", found.reason)
        instant = until
