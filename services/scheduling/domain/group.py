"""A group: who meets for what, and how many."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import InvalidArgument, Violation
from services.scheduling.domain.policy import SchedulingPolicy


class Track(StrEnum):
    """What the program treats."""

    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    CO_OCCURRING = "co_occurring"


class GroupKind(StrEnum):
    """What the group does; decides its largest size."""

    PROCESS = "process"
    SKILLS = "skills"
    EDUCATION = "education"


class Modality(StrEnum):
    """The method of treatment."""

    COGNITIVE_BEHAVIORAL = "cognitive_behavioral"
    DIALECTICAL_BEHAVIOR = "dialectical_behavior"
    ACCEPTANCE_COMMITMENT = "acceptance_commitment"
    MOTIVATIONAL = "motivational"
    RELAPSE_PREVENTION = "relapse_prevention"
    TRAUMA_FOCUSED = "trauma_focused"
    INTEGRATED = "integrated"


# 42 CFR Part 2 protects whatever says that someone is treated for substance use.
PART2_TRACKS = frozenset({Track.SUBSTANCE_USE, Track.CO_OCCURRING})


@dataclass(slots=True)
class Group:
    """Its capacity is the number of seats in each of its sessions."""

    id: str
    display_name: str
    track: Track
    kind: GroupKind
    modality: Modality
    capacity: int
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    patient_id: str = ""
    events: list[object] = field(default_factory=list)

    @property
    def is_part2_protected(self) -> bool:
        """True where being in the group reveals substance-use treatment."""
        return self.track in PART2_TRACKS

    def require_capacity(self, policy: SchedulingPolicy) -> None:
        """Refuse a size that the tenant does not allow for the kind."""
        low, high = policy.group_capacity_min, capacity_max(self.kind, policy)
        if not low <= self.capacity <= high:
            description = f"must be from {low} to {high} for this kind of group"
            raise InvalidArgument(
                "CAPACITY_OUT_OF_RANGE",
                f"capacity: {description}",
                violations=[Violation("capacity", "CAPACITY_OUT_OF_RANGE", description)],
                metadata={"capacity_min": str(low), "capacity_max": str(high)},
            )


def capacity_max(kind: GroupKind, policy: SchedulingPolicy) -> int:
    """The most seats for the kind."""
    return {
        GroupKind.PROCESS: policy.process_capacity_max,
        GroupKind.SKILLS: policy.skills_capacity_max,
        GroupKind.EDUCATION: policy.education_capacity_max,
    }[kind]
