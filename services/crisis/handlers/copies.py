"""Facts of other services that crisis needs at hand when they are away."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.store import Store, Tx
from services.crisis.domain.aftercare_commands import FollowDischarge, ReadText
from services.crisis.domain.commands import KeepEmergencyContact, KeepScreening
from services.crisis.domain.location import KeepLocation
from services.crisis.domain.states import STATES
from services.crisis.ports import Copies
from services.crisis.ports.aftercare import Aftercare, Atlas


class Records:
    """Keeps copies; an older fact never replaces a newer one."""

    def __init__(self, store: Store, *, copies: Copies, atlas: Atlas, aftercare: Aftercare) -> None:
        self._store = store
        self._copies = copies
        self._atlas = atlas
        self._aftercare = aftercare

    def keep_location(self, call: Call, place: KeepLocation) -> None:
        """Remember where a patient said to be, and that local numbers are needed there."""
        version = _version(call)

        def change(tx: Tx) -> None:
            self._copies.keep_location(tx, place, version)
            if place.state in STATES:
                self._atlas.note_state(tx, place.state)

        self._store.transact(call, change)

    def keep_contact(self, call: Call, contact: KeepEmergencyContact) -> None:
        """Remember whom to call about a patient."""
        version = _version(call)
        self._store.transact(call, lambda tx: self._copies.keep_contact(tx, contact, version))

    def follow_discharge(self, call: Call, discharge: FollowDischarge) -> None:
        """A program is over; the contacts that follow are planned, once for each episode."""
        self._store.transact(call, lambda tx: self._aftercare.after_discharge(tx, discharge))

    def keep_screening(self, call: Call, screening: KeepScreening) -> None:
        """Remember that a screening ended; one that worries is to be clarified by a human."""
        version = _version(call)

        def change(tx: Tx) -> None:
            self._copies.keep_screening(tx, screening, version)
            self._aftercare.after_screening(tx, screening)

        self._store.transact(call, change)

    def keep_text(self, call: Call, read: ReadText) -> None:
        """A text came that no rule understood; a human is to read it."""
        self._store.transact(call, lambda tx: self._aftercare.after_text(tx, read))


def _version(call: Call) -> int:
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
