"""What a process of scheduling reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import ProcessSettings


@dataclass(frozen=True, kw_only=True)
class SchedulingSettings(ProcessSettings):
    """Nothing beyond what every service needs; limits are tenant policy."""
