"""What a process of crisis reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Address, ProcessSettings, Seconds


@dataclass(frozen=True, kw_only=True)
class CrisisSettings(ProcessSettings):
    """Waiting times are tenant policy; how the auditor runs is the deployment's."""

    auditor_metrics_address: Address = "127.0.0.1:0"
    # How often stored state is looked at. A dead letter must have its case within 60 s
    # (architecture 6), so that three looks must fit.
    audit_period_seconds: Seconds = 15.0
    # False: no drills, whatever tenants there are.
    drills: bool = True
