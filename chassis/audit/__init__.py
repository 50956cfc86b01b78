"""The audit trail's seal: what shows any later change, loss or addition.

Rows are durable before the answer they record, unnumbered, so that writers never wait for each
other. Within a second a sealer numbers them and notes each row's hash in a seal; seals are chained
by hash, and a head remembers the last one. `verify` recomputes all of it. Whoever can rewrite the
whole database can rewrite the chain: note heads elsewhere and verify against them.
"""

from chassis.audit.sealer import Sealer, SealLoop
from chassis.audit.seals import Head
from chassis.audit.verify import Finding, FindingKind, head_of, verify

__all__ = ["Finding", "FindingKind", "Head", "SealLoop", "Sealer", "head_of", "verify"]
