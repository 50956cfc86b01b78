"""Where patients' days begin and end, as intake says."""

from __future__ import annotations

from chassis.call import Call
from chassis.store import Store
from services.sessions.domain.assignment_commands import ZoneKnown
from services.sessions.handlers.roster import version_of
from services.sessions.ports.assignments import Zones


class TimeZones:
    """A copy: newer words replace older ones."""

    def __init__(self, store: Store, zones: Zones) -> None:
        self._store, self._zones = store, zones

    def keep(self, call: Call, known: ZoneKnown) -> None:
        """A patient's zone is known, or another one."""
        version = version_of(call)
        self._store.transact(call, lambda tx: self._zones.keep(tx, known, version))
