"""Not me: a clinician who cannot be called for a while, with or without a substitute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chassis.errors import FailedPrecondition


@dataclass(slots=True)
class OptOut:
    """One clinician's absence from being called."""

    id: str
    clinician_id: str
    start: datetime
    end: datetime
    # Empty: nobody in particular stands in.
    substitute_id: str = ""
    # Empty: from every rotation, and wherever a rung names the clinician.
    rotation: str = ""
    author_id: str = ""
    cancel_time: datetime | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        """True until it is cancelled."""
        return self.cancel_time is None

    def cancel(self, now: datetime) -> None:
        """The clinician can be called again; FailedPrecondition where it is over already."""
        if not self.is_active:
            return
        if self.end <= now:
            raise FailedPrecondition("OPT_OUT_ENDED", "the time it was for has passed")
        self.cancel_time = now

    def concerns(self, rotation: str) -> bool:
        """True where it counts in the rotation."""
        return self.rotation in {"", rotation}

    def holds_at(self, clinician_id: str, rotation: str, instant: datetime) -> bool:
        """True from its start until just before its end, for this clinician, there."""
        return (
            self.clinician_id == clinician_id
            and self.concerns(rotation)
            and self.start <= instant < self.end
        )


@dataclass(frozen=True, slots=True)
class Absences:
    """A tenant's opt-outs, and who is called for someone without a substitute."""

    opt_outs: tuple[OptOut, ...] = ()
    # Whether the next one in turn is called; else the place is empty.
    is_next_called: bool = True

    def present(self, clinician_id: str, rotation: str, instant: datetime) -> str:
        """Who takes the clinician's calls: they, their substitute, or the substitute's; else ""."""
        return self._present(clinician_id, (rotation, instant), frozenset())

    def changes(self, rotation: str) -> list[datetime]:
        """Every instant at which somebody goes or comes back there."""
        here = [each for each in self.opt_outs if each.concerns(rotation)]
        return [instant for each in here for instant in (each.start, each.end)]

    def _present(
        self, clinician_id: str, place: tuple[str, datetime], passed: frozenset[str]
    ) -> str:
        holding = [each for each in self.opt_outs if each.holds_at(clinician_id, *place)]
        if not holding:
            return clinician_id
        passed = passed | {clinician_id}  # two who stand in for each other are both away
        for each in holding:
            if each.substitute_id and each.substitute_id not in passed:
                found = self._present(each.substitute_id, place, passed)
                if found:
                    return found
        return ""


NOBODY_AWAY = Absences()
