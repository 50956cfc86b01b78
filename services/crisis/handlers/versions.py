"""Two people's edits do not overwrite each other unseen."""

from __future__ import annotations

from chassis.errors import Aborted
from chassis.store import etag_of
from chassis.store.repository import Aggregate


def refuse_stale(known: Aggregate | None, etag: str) -> None:
    """An etag that was given must be the stored one's; Aborted("ETAG_STALE") where it is not."""
    if etag and (known is None or etag != etag_of(known)):
        raise Aborted("ETAG_STALE", "changed since it was read; read it again")
