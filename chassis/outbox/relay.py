"""One loop per message class: what is committed and not yet confirmed goes to the broker.

A row is marked only after the broker confirmed it, so a crash, a lost connection or a second relay
can publish twice but never lose; inboxes make twice into once. What the broker returns or refuses
stays pending, is counted, and steps aside so that other types go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from prometheus_client import Counter

from chassis.broker import Backoff, Outgoing, Prepare, Published, Publisher
from chassis.envelope import properties_of
from chassis.errors import HavenError, Unavailable
from chassis.failpoint import failpoint
from chassis.log import failure, get_logger
from chassis.outbox.backlog import Backlog
from chassis.precedence import never
from chassis.store.outbox_rows import OutboxRow
from chassis.telemetry.metrics import event_published
from chassis.topology import MessageClass

# A mark costs the database as much as a commit. Marked together after a moment; a relay that dies
# before that leaves events to be published twice, which inboxes take once.
MARK_SECONDS, MARK_MOST = 0.25, 100
GIVE_WAY_SECONDS = 0.1
# So long a turn publishes: within the lease (lease.py), and where a broker is slow the process must
# see its loops turn.
PUBLISH_SECONDS = 1.0
# What is committed within it goes with one look at the outbox. Of the crisis class alone: most of
# it has come by its other way already. The rest goes at once, and in storms gives way.
CRISIS_GATHER_SECONDS = 0.1
# Bulk leaves most of the process, the broker and the database to others: after each full batch it
# rests so many times as long as that took.
BULK_RESTS = 2.0
HELD_FIRST, HELD_MOST = 0.5, 5.0  # how long a type that no queue takes steps aside
CRISIS_HELD_FIRST, CRISIS_HELD_MOST = 0.2, 1.0  # its other way may be closed for longer than that

log = get_logger(__name__)
returned = Counter(
    "haven_outbox_returned",
    "Publications that the broker gave back (no queue) or refused; the events stay pending.",
    ["type", "outcome"],
)
RETURNED, REFUSED = "returned", "refused"


class Leadership(Protocol):
    """A lease: at most one holder works, and one that does not work gives it up."""

    def hold(self) -> bool: ...
    def release(self) -> None: ...


class RelayLoop:
    """Publishes one class of one service's outbox."""

    def __init__(
        self,
        backlog: Backlog,
        *,
        publisher: Publisher,
        prepare: Prepare,
        lease: Leadership,
        gives_way: Callable[[], bool] = never,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`gives_way` says whether others must go first at the moment."""
        self._monotonic, self._gives_way = monotonic, gives_way
        self._backlog, self._publisher, self._lease = backlog, publisher, lease
        self._prepare = prepare  # declares the topology on a fresh connection
        self._rows: dict[str, OutboxRow] = {}  # in flight
        self._confirmed: dict[str, float] = {}  # and not yet marked; since when
        self._held = HeldTypes.of(backlog.message_class)
        self._rests = BULK_RESTS if backlog.message_class is MessageClass.BULK else 0.0
        is_crisis = backlog.message_class is MessageClass.CRISIS
        self._gathers = CRISIS_GATHER_SECONDS if is_crisis else 0.0
        self._rest_until = 0.0

    def turn(self) -> float:
        """One pass; no pause where more is waiting. Unavailable where broker or store is away."""
        self._connect()
        self._learn(self._publisher.tend())
        self._mark_in_time()
        self._require_broker("the connection was lost while idle")
        if self._publisher.is_blocked or not self._lease.hold():
            self._backlog.look_anew()  # what is told meanwhile is another relay's
            return self._pause()
        if self._gives_way():
            self._backlog.look_anew()
            return GIVE_WAY_SECONDS
        if (left := self._rest_until - self._monotonic()) > 0:
            return left
        begin = self._monotonic()
        rows = self._backlog.look(without=self._held.now())
        known = self._rows.keys() | self._confirmed.keys()
        fresh = [row for row in rows if row.event_id not in known]
        if fresh:
            failpoint("relay.before-publish")
            self._publish(fresh)
        now = self._monotonic()
        if len(rows) < self._backlog.batch:
            self._rest_until = now + (self._gathers if fresh else 0.0)
            return self._pause()
        if not fresh:
            return self._pause()
        self._rest_until = now + self._rests * (now - begin)
        return self._rest_until - now

    def close(self) -> None:
        """Let another relay take over at once."""
        try:
            self._mark()
        except HavenError as error:
            log.warning("relay.not-marked", **failure(error))
        self._publisher.close()
        self._lease.release()

    def failed(self, _error: HavenError) -> None:
        """A turn did not come to its end: another replica may be luckier."""
        self._backlog.look_anew()
        self._lease.release()

    def _connect(self) -> None:
        if self._publisher.is_open:
            return
        self._rows.clear()
        self._backlog.look_anew()
        self._publisher.open()
        self._publisher.prepare(self._prepare)

    def _require_broker(self, otherwise: str) -> None:
        if not self._publisher.is_open:
            self._mark()  # another relay may go on from here
            raise Unavailable("BROKER_UNAVAILABLE", otherwise)

    def _publish(self, rows: Sequence[OutboxRow]) -> None:
        self._rows.update((row.event_id, row) for row in rows)
        self._learn(self._publisher.publish(outgoing(rows), within=PUBLISH_SECONDS))
        if self._confirmed:
            failpoint("relay.after-confirm")
        self._mark_in_time()
        self._require_broker("the connection was lost while publishing")
        in_flight = self._publisher.in_flight
        if self._rows.keys() - in_flight:  # not sent, and told no second time
            self._backlog.look_anew()
        self._rows = {each: row for each, row in self._rows.items() if each in in_flight}

    def _learn(self, published: Published) -> None:
        for event_id in published.confirmed:
            row = self._rows.pop(event_id)
            event_published.labels(row.exchange, row.type).inc()
            self._held.release(row.type)
            self._confirmed[event_id] = self._monotonic()
        self._hold(published.returned, RETURNED)
        self._hold(published.refused, REFUSED)

    def _hold(self, event_ids: Sequence[str], outcome: str) -> None:
        if event_ids:
            self._backlog.look_anew()  # they are told no second time
        for row in [self._rows.pop(event_id) for event_id in event_ids]:
            returned.labels(row.type, outcome).inc()
            if self._held.hold(row.type):
                log.error("relay.event-not-taken", type=row.type, outcome=outcome)

    def _pause(self) -> float:
        return MARK_SECONDS if self._confirmed else self._backlog.pause

    def _mark_in_time(self) -> None:
        oldest = next(iter(self._confirmed.values()), None)
        is_time = oldest is not None and self._monotonic() - oldest >= MARK_SECONDS
        if is_time or len(self._confirmed) >= MARK_MOST:
            self._mark()

    def _mark(self) -> None:
        if self._confirmed:
            self._backlog.mark(list(self._confirmed))
            self._confirmed.clear()


def expect_returns(types: Iterable[str]) -> None:
    """Every type's counters at 0."""
    for each in types:
        returned.labels(each, RETURNED)
        returned.labels(each, REFUSED)


class HeldTypes:
    """Event types that no queue took a moment ago; each waits, longer every time."""

    def __init__(self, first: float = HELD_FIRST, most: float = HELD_MOST) -> None:
        self._first, self._most = first, most
        self._until: dict[str, float] = {}
        self._backoff: dict[str, Backoff] = {}

    @classmethod
    def of(cls, message_class: MessageClass) -> HeldTypes:
        """With the pauses of the class."""
        is_crisis = message_class is MessageClass.CRISIS
        return cls(CRISIS_HELD_FIRST, CRISIS_HELD_MOST) if is_crisis else cls()

    def now(self) -> list[str]:
        """The types that still wait."""
        return [each for each, until in self._until.items() if until > time.monotonic()]

    def hold(self, event_type: str) -> bool:
        """Let the type step aside; False where it does already."""
        if self._until.get(event_type, 0.0) > time.monotonic():
            return False
        backoff = self._backoff.setdefault(event_type, Backoff(self._first, self._most))
        self._until[event_type] = time.monotonic() + backoff.next()
        return True

    def release(self, event_type: str) -> None:
        """A queue has taken one of the type."""
        self._backoff.pop(event_type, None)
        self._until.pop(event_type, None)


def outgoing(rows: Iterable[OutboxRow]) -> Iterable[Outgoing]:
    """The messages that carry these rows."""
    for row in rows:
        yield Outgoing(
            row.event_id, row.exchange, row.routing_key, row.body, properties=properties_of(row)
        )
