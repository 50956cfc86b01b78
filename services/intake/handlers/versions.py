"""Nobody changes what they have not seen."""

from __future__ import annotations

from chassis.errors import Aborted
from chassis.store import Aggregate, etag_of


def require_etag(aggregate: Aggregate, etag: str) -> None:
    """Aborted("ETAG_STALE") where the caller names another version; naming none is allowed."""
    if etag and etag != etag_of(aggregate):
        raise Aborted("ETAG_STALE", "changed since it was read; read it again")
