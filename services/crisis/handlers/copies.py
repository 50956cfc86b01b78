"""Facts of other services that crisis needs at hand when they are away."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.store import Store
from services.crisis.domain.commands import KeepEmergencyContact, KeepLocation, KeepScreening
from services.crisis.ports import Copies


class Records:
    """Keeps copies; an older fact never replaces a newer one."""

    def __init__(self, store: Store, *, copies: Copies) -> None:
        self._store = store
        self._copies = copies

    def keep_location(self, call: Call, place: KeepLocation) -> None:
        """Remember where a patient said to be."""
        version = _version(call)
        self._store.transact(call, lambda tx: self._copies.keep_location(tx, place, version))

    def keep_contact(self, call: Call, contact: KeepEmergencyContact) -> None:
        """Remember whom to call about a patient."""
        version = _version(call)
        self._store.transact(call, lambda tx: self._copies.keep_contact(tx, contact, version))

    def keep_screening(self, call: Call, screening: KeepScreening) -> None:
        """Remember that a screening ended."""
        version = _version(call)
        self._store.transact(call, lambda tx: self._copies.keep_screening(tx, screening, version))


def _version(call: Call) -> int:
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
