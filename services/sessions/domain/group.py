"""What kind of group meets, and how its door treats those who come late."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GroupKind(StrEnum):
    """The kinds of scheduling."""

    PROCESS = "process"
    SKILLS = "skills"
    EDUCATION = "education"
    # Told by an earlier release, or not known here: its door stays open.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LateRule:
    """Seconds after the beginning from which a facilitator is asked, and from which nobody is."""

    ask_seconds: float
    close_seconds: float
