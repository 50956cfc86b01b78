"""What the auditor does again and again: look at stored state, at dead queues, and at itself.

Each kind of round has a lease of its own, so that of several auditors one does it at a time and
another goes on within seconds. A lease that is lost in the middle does no harm: every repair is a
compare-and-set or a unique fact.
"""

from services.crisis.rounds.audit import AuditRounds
from services.crisis.rounds.dead_letters import DeadLetterRounds
from services.crisis.rounds.drills import DrillRounds
from services.crisis.rounds.turns import LEASE_SECONDS, LOOK_SECONDS, Pace

__all__ = [
    "LEASE_SECONDS",
    "LOOK_SECONDS",
    "AuditRounds",
    "DeadLetterRounds",
    "DrillRounds",
    "Pace",
]
