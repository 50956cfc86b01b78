"""Whom of the staff a page can reach is looked at again and again, and told when it has changed.

Many things change it (a number that is registered, proved or stopped, a device that is gone, a
provider that is no longer there), each of them elsewhere. One look at all of them cannot miss one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from chassis.call import Call, system_call
from chassis.store import Store, Tx
from services.notify.domain.contact import ContactPoint
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.permission import NEED_PROOF, Verdict
from services.notify.domain.template import PAGE
from services.notify.handlers.gate import Gate
from services.notify.handlers.ways import of_staff
from services.notify.ports import ContactBook, PolicyOf
from services.notify.ports.consent import Shelves

# By person, the channels by which a page can go.
Reached = Mapping[str, Collection[Channel]]


class Reaching:
    """Asks what a page would ask, for everybody who has ever said how they are reached."""

    def __init__(
        self,
        store: Store,
        shelves: Shelves,
        *,
        contacts: ContactBook,
        gate: Gate,
        served: Collection[Channel],
        policy_of: PolicyOf,
    ) -> None:
        """`served` are the channels that have a provider."""
        self._store = store
        self._book = shelves.reach
        self._directory = shelves.directory
        self._wishes = shelves.wishes
        self._contacts = contacts
        self._gate = gate
        self._served = served
        self._policy_of = policy_of

    def begin(self, call: Call) -> None:
        """From now on the tenant's staff is looked at, though nobody ever registers anything."""
        self._store.transact(call, self._book.begin)

    def look(self, call: Call, _reach_id: str) -> None:
        """Time has passed, or something was registered: tell whom a page can reach, where that is
        news. Nobody's record is met, and what has made it news is in the audit trail already."""
        quiet = system_call(call.tenant_id, service=self._store.service, action="")
        self._store.transact(quiet, self._look)

    def _look(self, tx: Tx) -> None:
        reach = self._book.find(tx)
        if reach is None or not reach.is_due(tx.now):
            return
        reached = self._reached(tx)
        proved = {id for id, channels in reached.items() if self._has_proved(tx, id, channels)}
        again = timedelta(seconds=self._policy_of(tx.call.tenant_id).reach_look_seconds)
        reach.see(frozenset(reached), frozenset(proved), tx.now, again=again)
        self._book.keep(tx, reach)

    def _reached(self, tx: Tx) -> Reached:
        points: defaultdict[str, list[ContactPoint]] = defaultdict(list)
        for point in self._contacts.all_points(tx):
            points[point.recipient_id].append(point)
        ways = {id: [*of_staff(mine, self._served)] for id, mine in points.items()}
        self._look_ahead(tx, ways)
        found = {id: self._admitted(tx, id, channels) for id, channels in ways.items()}
        return {id: channels for id, channels in found.items() if channels}

    def _look_ahead(self, tx: Tx, ways: Reached) -> None:
        """A few strokes for all of them instead of some for each."""
        named = [(id, channel) for id, channels in ways.items() for channel in channels]
        self._directory.look_ahead(tx, named)
        keys = [(id, self._directory.address_key(tx, id, channel)) for id, channel in named]
        self._wishes.look_ahead(tx, keys)
        self._wishes.look_ahead_to_stops(tx, (key for _, key in keys))

    def _admitted(self, tx: Tx, id: str, channels: Collection[Channel]) -> Collection[Channel]:
        """Those by which the gate would let a page to them pass."""
        asked = self._gate.permissions(tx, _page_to(id, tx.now), channels)
        return [each for each, answer in asked.items() if answer.verdict is not Verdict.NEVER]

    def _has_proved(self, tx: Tx, id: str, channels: Collection[Channel]) -> bool:
        return any(
            channel not in NEED_PROOF
            or self._wishes.is_proved(tx, id, self._directory.address_key(tx, id, channel))
            for channel in channels
        )


def _page_to(recipient_id: str, now: datetime) -> Message:
    """A page as far as the gate looks at it; it is never sent."""
    return Message(
        id="",
        message_class=MessageClass.CRISIS,
        recipient_id=recipient_id,
        template=PAGE,
        accept_time=now,
        expire_time=now,
        next_attempt=None,
    )
