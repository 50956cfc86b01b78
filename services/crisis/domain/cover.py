"""From the targets of a rung to people, at the moment it fires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.crisis.domain.escalation import Rung, Target, TargetKind
from services.crisis.domain.opt_out import NOBODY_AWAY, Absences
from services.crisis.domain.reach import Reach
from services.crisis.domain.rotation import Rotation, Shift, ShiftReason, VacancyReason

# A role is reached where notify knows this recipient to be; who answers is one person.
ROLE = "role:"


@dataclass(frozen=True, slots=True)
class Woken:
    """Whom a rung wakes now; never empty."""

    recipient_ids: tuple[str, ...]
    # Targets behind which nobody is; the supervisors are woken in their place.
    missed: int = 0
    # From when on the rung may mean somebody else; None where nothing that is planned says so.
    hand_off: datetime | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """One target of a rung as a person; nobody is behind it where `clinician_id` is empty."""

    target: Target
    clinician_id: str
    # Why it is this person or nobody; None for targets that are not rotations.
    reason: ShiftReason | VacancyReason | None = None
    # From when on it may be somebody else.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Whom to tell now, never nobody, and whether one of them is known to be there."""

    recipient_ids: tuple[str, ...]
    # False where a shared mailbox is all there is: who looks at it is not known.
    is_staffed: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """The tenant's rotations as they are now, and who stands in where one has a hole."""

    rotations: Mapping[str, Rotation]
    supervisor_id: str
    absences: Absences = NOBODY_AWAY

    def wake(self, rung: Rung, now: datetime) -> Woken:
        """The people of the rung, each once; supervisors in place of whoever is not there."""
        found = list(self.meant(rung, now))
        people = [each.clinician_id or self.supervisor_id for each in found]
        return Woken(
            tuple(dict.fromkeys(people or [self.supervisor_id])),
            missed=sum(not each.clinician_id for each in found),
            hand_off=min((each.until for each in found if each.until is not None), default=None),
        )

    def on_duty(self, rung: Rung, now: datetime) -> OnDuty:
        """The people of the rung, and whether any of them is a person on call."""
        people = {TargetKind.ROTATION, TargetKind.CLINICIAN}
        found = self.meant(rung, now)
        is_staffed = any(each.clinician_id and each.target.kind in people for each in found)
        return OnDuty(self.wake(rung, now).recipient_ids, is_staffed)

    def meant(self, rung: Rung, now: datetime) -> Iterator[Meant]:
        """Each target of the rung, as it is then."""
        for target in rung.targets:
            if target.kind is TargetKind.SUPERVISOR_POOL:
                yield Meant(target, self.supervisor_id)
            elif target.kind is TargetKind.ROLE:
                yield Meant(target, f"{ROLE}{target.id}")
            elif target.kind is TargetKind.CLINICIAN:
                yield self._clinician(target, now)
            else:
                yield self._on_call(target, now)

    def _clinician(self, target: Target, now: datetime) -> Meant:
        present = self.absences.present(target.id, "", now)
        later = (each for each in self.absences.changes("") if each > now)
        return Meant(target, present, until=min(later, default=None))

    def _on_call(self, target: Target, now: datetime) -> Meant:
        rotation = self.rotations.get(target.id)
        if rotation is None:
            return Meant(target, "")
        found = rotation.at(now, self.absences)
        if isinstance(found, Shift):
            return Meant(target, found.clinician_id, found.reason, found.end)
        return Meant(target, "", found.reason, found.end)


@dataclass(frozen=True, slots=True)
class OnCallLadder:
    """Whom each rung would wake if a case opened at one instant."""

    # How long the people of a rung have, and who they are.
    rungs: tuple[tuple[timedelta, tuple[Meant, ...]], ...]
    supervisor_id: str
    # Of the policy; 0 where the tenant has none.
    version: int
    reach: Reach
