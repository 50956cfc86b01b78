"""What a process of crisis reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import ProcessSettings


@dataclass(frozen=True, kw_only=True)
class CrisisSettings(ProcessSettings):
    """Nothing beyond what every service needs; waiting times are tenant policy."""
