"""Hours that nobody covers, before they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from services.crisis.domain.escalation import Target, TargetKind
from services.crisis.domain.opt_out import Absences
from services.crisis.domain.rotation import Rotation, Shift, ShiftReason, VacancyReason


class GapKind(StrEnum):
    """Why nobody is there."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    OPTED_OUT = "opted_out"
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
    """A time in which nobody is behind a rotation, or behind a person whom a rung names."""

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


def gaps(rotation: Rotation, absences: Absences, *, start: datetime, end: datetime) -> list[Gap]:
    """The exact times in between in which nobody covers the rotation."""
    target = Target(TargetKind.ROTATION, rotation.name)
    return [
        Gap(target, GapKind(each.reason.value), each.start, each.end)
        for each in stretches(rotation, absences, start=start, end=end)
        if not each.clinician_id
    ]


def gaps_behind(
    clinician_id: str, absences: Absences, *, start: datetime, end: datetime
) -> list[Gap]:
    """The exact times in between in which nobody takes the calls of a person."""
    changes = {each for each in absences.changes("") if start < each < end}
    found: list[Gap] = []
    for since, until in pairwise(sorted({start, end, *changes})):
        if absences.present(clinician_id, "", since):
            continue
        if found and found[-1].end == since:
            found[-1] = replace(found[-1], end=until)
        else:
            target = Target(TargetKind.CLINICIAN, clinician_id)
            found.append(Gap(target, GapKind.OPTED_OUT, since, until))
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that says who is called, as a tenant has set it."""

    rotations: Mapping[str, Rotation]
    absences: Absences
    # Whom the rungs of the escalation policies name.
    named: frozenset[Target]

    def gaps(self, *, start: datetime, end: datetime) -> list[Gap]:
        """Every hole that somebody could fall into, the next one first.

        A rotation that no policy names owes nobody cover before it begins and after it ends.
        """
        found: list[Gap] = []
        for target in self.named:
            if target.clinician_id:
                found += gaps_behind(target.clinician_id, self.absences, start=start, end=end)
            elif target.rotation_id and target.rotation_id not in self.rotations:
                found.append(Gap(target, GapKind.ROTATION_UNKNOWN, start, end))
        for rotation in self.rotations.values():
            is_named = Target(TargetKind.ROTATION, rotation.name) in self.named
            found += [
                gap
                for gap in gaps(rotation, self.absences, start=start, end=end)
                if is_named or gap.kind is GapKind.OPTED_OUT
            ]
        return sorted(found, key=lambda gap: (gap.start, gap.target.kind, gap.target.id))


def hours_by_kind(found: Sequence[Gap]) -> dict[GapKind, float]:
    """How many hours nobody covers, by why; every kind is there."""
    return {kind: sum(gap.hours for gap in found if gap.kind is kind) for kind in GapKind}


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
