"""From the targets of a rung to people, at the moment it fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.crisis.domain.escalation import Rung, Target, TargetKind
from services.crisis.domain.rotation import Rotation

# A role is reached where notify knows this recipient to be; who answers is one person.
ROLE = "role:"


@dataclass(frozen=True, slots=True)
class Woken:
    """Whom a rung wakes now; never empty."""

    recipient_ids: tuple[str, ...]
    # Targets behind which nobody is; the supervisors are woken in their place.
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Cover:
    """The tenant's rotations as they are now, and who stands in where one has a hole."""

    rotations: Mapping[str, Rotation]
    supervisor_id: str

    def wake(self, rung: Rung, now: datetime) -> Woken:
        """The people of the rung, each once; supervisors in place of whoever is not there."""
        found = [self._person(target, now) for target in rung.targets]
        people = [person or self.supervisor_id for person in found] or [self.supervisor_id]
        return Woken(tuple(dict.fromkeys(people)), missed=found.count(None))

    def _person(self, target: Target, now: datetime) -> str | None:
        if target.kind is TargetKind.SUPERVISOR_POOL:
            return self.supervisor_id
        if target.kind is TargetKind.CLINICIAN:
            return target.id
        if target.kind is TargetKind.ROLE:
            return f"{ROLE}{target.id}"
        rotation = self.rotations.get(target.id)
        shift = rotation.on_call(now) if rotation else None
        return shift.clinician_id if shift else None
