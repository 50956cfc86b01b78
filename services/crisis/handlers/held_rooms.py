"""Rooms without anybody who may treat: those on duty, and the session's own staff, are called."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.crisis.domain.commands import CoverRoom
from services.crisis.domain.held_room import HeldRoom
from services.crisis.ports import OnDutyNow
from services.crisis.ports.aftercare import HeldRoomBook


class HeldRooms:
    """One call per hold, whichever way it is heard of."""

    def __init__(self, store: Store, *, book: HeldRoomBook, on_duty: OnDutyNow) -> None:
        self._store, self._book, self._on_duty = store, book, on_duty

    def call(self, call: Call, command: CoverRoom) -> None:
        """Tell whoever is on duty, and who leads the session or helps to."""
        key = (call.tenant_id, command.session_id, command.hold_time.isoformat())

        def act(tx: Tx) -> None:
            room = HeldRoom(derived_id("held-room", *key), command.session_id, command.hold_time)
            room.tell(*self._on_duty(tx).recipient_ids, *command.clinician_ids)
            self._book.insert(tx, room)

        self._store.transact(call, act)
