"""Who is woken, in which order, and how long each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from chassis.errors import InvalidArgument, Violation
from services.crisis.domain.signal import Severity

MOST_RUNGS = 20
MOST_TARGETS = 20
LONGEST_WAIT = timedelta(hours=24)  # a rung that waits longer than a day is a mistake of unit


class TargetKind(StrEnum):
    """How a rung names people."""

    ROTATION = "rotation"
    CLINICIAN = "clinician"
    # Whoever answers for a function of the house, for example its medical director.
    ROLE = "role"
    SUPERVISOR_POOL = "supervisor_pool"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rung wakes; a rotation becomes a person only when the rung fires."""

    kind: TargetKind
    id: str = ""

    @property
    def rotation_id(self) -> str:
        """Which rotation; empty where it is none."""
        return self.id if self.kind is TargetKind.ROTATION else ""

    @property
    def clinician_id(self) -> str:
        """Which person, named as such; empty where it is none."""
        return self.id if self.kind is TargetKind.CLINICIAN else ""


SUPERVISOR_POOL = Target(TargetKind.SUPERVISOR_POOL)


@dataclass(frozen=True, slots=True)
class Rung:
    """People who are woken together, and how long they have."""

    wait: timedelta
    targets: tuple[Target, ...]
    # How many people must take the case before it stops climbing.
    acknowledgements: int = 1


@dataclass(frozen=True, slots=True)
class FrozenPolicy:
    """What a case keeps of the policy it began with: later edits do not move its deadlines.

    The rung that repeats always wakes the supervisors: people who are named may all be away. Where
    the policy's last one does not, it is followed by itself with them, in the same time.
    """

    rungs: tuple[Rung, ...]
    contact_within: timedelta
    review_within: timedelta
    review_repeat: timedelta
    page_lifetime: timedelta
    # 0: the tenant had no policy, the fallback is in force.
    version: int = 0

    def __post_init__(self) -> None:
        # Here, so that cases and policies of earlier releases end at the supervisors as well.
        object.__setattr__(self, "rungs", _ended_at_supervisors(self.rungs))

    @property
    def last(self) -> int:
        """The index of the rung that repeats without end."""
        return len(self.rungs) - 1

    def no_slower_than(self, other: FrozenPolicy) -> FrozenPolicy:
        """The same people, with no more time than the other's first ones have."""
        longest = other.rungs[0].wait
        return replace(
            self,
            rungs=tuple(replace(rung, wait=min(rung.wait, longest)) for rung in self.rungs),
            contact_within=min(self.contact_within, other.contact_within),
        )


@dataclass(slots=True)
class EscalationPolicy:
    """A tenant's ladder for one severity; every change counts its version up."""

    id: str
    severity: Severity
    rungs: tuple[Rung, ...]
    # None: the tenant's default for the severity.
    contact_within: timedelta | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def change(self, rungs: tuple[Rung, ...], contact_within: timedelta | None) -> None:
        """Replace who is woken; cases that are open keep what they froze."""
        self.rungs, self.contact_within = rungs, contact_within

    def targets(self) -> frozenset[Target]:
        """Everybody whom some rung names."""
        return frozenset(target for rung in self.rungs for target in rung.targets)

    def frozen(self, fallback: FrozenPolicy) -> FrozenPolicy:
        """What a case that begins now keeps; `fallback` gives the numbers that are not set."""
        return replace(
            fallback,
            rungs=self.rungs,
            contact_within=self.contact_within or fallback.contact_within,
            version=self.version,
        )


def _ended_at_supervisors(rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
    last = rungs[-1]
    if any(target.kind is TargetKind.SUPERVISOR_POOL for target in last.targets):
        return rungs
    return (*rungs, replace(last, targets=(*last.targets, SUPERVISOR_POOL)))


def check_rungs(rungs: Sequence[Rung], *, shortest_wait: timedelta) -> None:
    """Raise InvalidArgument unless the rungs can wake somebody and none waits absurdly."""
    faults: list[Violation] = []
    if not 1 <= len(rungs) <= MOST_RUNGS:
        text = f"from 1 to {MOST_RUNGS} rungs are needed"
        faults.append(Violation("escalation_policy.rungs", "OUT_OF_RANGE", text))
    for index, rung in enumerate(rungs):
        path = f"escalation_policy.rungs[{index}]"
        if not shortest_wait <= rung.wait <= LONGEST_WAIT:
            text = f"must be from {shortest_wait.total_seconds():g} seconds to a day"
            faults.append(Violation(f"{path}.wait_duration", "OUT_OF_RANGE", text))
        if not 1 <= len(rung.targets) <= MOST_TARGETS:
            text = f"from 1 to {MOST_TARGETS} targets are needed"
            faults.append(Violation(f"{path}.targets", "OUT_OF_RANGE", text))
        if not 1 <= rung.acknowledgements <= max(1, len(rung.targets)):
            text = "must be from 1 to the number of targets"
            faults.append(Violation(f"{path}.required_acknowledgements", "OUT_OF_RANGE", text))
    if faults:
        names = ", ".join(fault.field for fault in faults)
        raise InvalidArgument("FIELDS_INVALID", f"fields at fault: {names}", violations=faults)


def policy_for(
    severity: Severity, policies: Sequence[EscalationPolicy], fallback: FrozenPolicy
) -> FrozenPolicy:
    """The ladder for the severity: its own, else the next more severe one, else the next less.

    A tenant that configured anything at all is never answered with nothing. The people of a less
    severe ladder are woken in the severity's own time: theirs may be hours.
    """
    nearest = min(
        policies,
        key=lambda policy: (policy.severity < severity, abs(policy.severity - severity)),
        default=None,
    )
    if nearest is None:
        return fallback
    frozen = nearest.frozen(fallback)
    return frozen if nearest.severity >= severity else frozen.no_slower_than(fallback)
