"""The smallest consumer: every event leaves one row. Some case ids misbehave, by prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested

from chassis.call import Call, EventOnce
from chassis.errors import FailedPrecondition, Unavailable
from chassis.ids import new_id
from chassis.inbound import Handler
from chassis.store import Store, Tx

EFFECTS, REMEDIES = "effects", "remedies"
POISON, REFUSED, AWAY = "poison-", "refused-", "away-"
# What a handler's exception might say; it must never be seen anywhere.
SECRET = "Wren Sample 555-0100"


class Core:
    """Takes PageRequested (crisis class) and CaseOpened (clinical)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.consumers: Mapping[type[Message], Handler] = {
            PageRequested: self.take,
            CaseOpened: self.take,
        }

    def take(self, call: Call, event: Any) -> None:
        """Leave one row in the event's own transaction, unless the case id says otherwise."""

        def effect(tx: Tx) -> None:
            assert isinstance(call.once, EventOnce)
            if not tx.find(REMEDIES, {"_id": event.case_id}):
                misbehave(event.case_id)
            row = {"_id": new_id(), "event_id": call.once.event_id, "case_id": event.case_id}
            tx.insert(EFFECTS, row)

        self._store.transact(call, effect)


def misbehave(case_id: str) -> None:
    """Fail as the id's prefix says."""
    if case_id.startswith(POISON):
        raise ValueError(SECRET)
    if case_id.startswith(REFUSED):
        raise FailedPrecondition("CASE_REFUSED", "not like this")
    if case_id.startswith(AWAY):
        raise Unavailable("THING_AWAY", "come back later")
