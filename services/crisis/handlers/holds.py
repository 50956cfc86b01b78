"""Patients who came for their group and cannot be served in it: somebody is in touch with them."""

from __future__ import annotations

from chassis.call import Call
from chassis.store import Store
from services.crisis.domain.commands import EndHold, TakeHold
from services.crisis.ports.aftercare import Aftercare


class Holds:
    """One contact per hold, however often it is heard of."""

    def __init__(self, store: Store, *, aftercare: Aftercare) -> None:
        self._store, self._aftercare = store, aftercare

    def take(self, call: Call, command: TakeHold) -> None:
        """Plan the contact."""
        self._store.transact(call, lambda tx: self._aftercare.after_hold(tx, command))

    def end(self, call: Call, command: EndHold) -> None:
        """They are in the group. Where that is heard before the hold, the contact stays for a
        human to close."""
        self._store.transact(call, lambda tx: self._aftercare.end_hold(tx, command))
