"""What a process of crisis reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Address, ProcessSettings, Seconds


@dataclass(frozen=True, kw_only=True)
class CrisisSettings(ProcessSettings):
    """Limits of the processes, and how the auditor runs; waiting times are tenant policy."""

    # Changes of cases that this replica keeps for whoever comes again, all tenants together.
    board_tape: int = 10_000
    # How far a replica that starts looks back, for those whom a leaving one sends.
    board_lookback_seconds: int = 120
    # Changes that may wait for one reader; a slower one is told to come again.
    board_queue: int = 256
    board_readers: int = 1_000
    board_heartbeat_seconds: float = 10.0
    auditor_metrics_address: Address = "127.0.0.1:0"
    # How often stored state is looked at. A dead letter must have its case within 60 s
    # (architecture 6), so that three looks must fit.
    audit_period_seconds: Seconds = 15.0
    # False: no drills, whatever tenants there are.
    drills: bool = True
