"""What a process of intake reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import ProcessSettings


@dataclass(frozen=True, kw_only=True)
class IntakeSettings(ProcessSettings):
    """Nothing beyond what every service needs; numbers are tenant policy."""
