"""The second way of the crisis class: straight to the consumer's api, as soon as it is committed.

An api or a relay hands over what it just committed and goes on; the relay repeats until the
consumer's receipt is stored. Consumers take an event once, however often it comes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from opentelemetry.trace import SpanKind
from prometheus_client import Counter

from chassis.envelope import envelope_of
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from chassis.outbox.gathering import Gathering, Keep
from chassis.outbox.peers import AWAY, Peer
from chassis.store.outbox_rows import OutboxRow
from chassis.telemetry.tracing import continued, current_traceparent

DONE, REPEATED, EXPIRED = "done", "repeated", "expired"
AWAY_OUTCOME, REFUSED, POSTPONED, UNRECORDED = "away", "refused", "postponed", "unrecorded"
OUTCOMES = (DONE, REPEATED, EXPIRED, AWAY_OUTCOME, REFUSED, POSTPONED, UNRECORDED)
EXPIRED_REASON = "EVENT_EXPIRED"

log = get_logger(__name__)
delivered = Counter(
    "haven_event_delivered", "Direct deliveries to consumers, by how they ended.", ["outcome"]
)
for _outcome in OUTCOMES:
    delivered.labels(_outcome)


class Courier:
    """Delivers crisis-class events to the consumers that have not taken them."""

    def __init__(self, channels: Mapping[str, grpc.Channel], *, receipt: Keep) -> None:
        """`receipt` keeps that a consumer has these events."""
        self._peers = {name: Peer(name, channel) for name, channel in channels.items()}
        self._receipts = Gathering(receipt)
        self._under_way: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def deliver(self, rows: Sequence[OutboxRow]) -> None:
        """Start one delivery to every consumer that a row awaits; never waits, never raises."""
        for row in rows:
            for consumer in row.awaiting:
                self.start(row, consumer)

    def start(self, row: OutboxRow, consumer: str) -> None:
        """Start one delivery, unless the same one is under way."""
        key = (row.event_id, consumer)
        with self._lock:
            if key in self._under_way:
                return
            self._under_way.add(key)
        peer = self._peers.get(consumer)
        if peer is None or not peer.submit(partial(self._attempt, peer, row, consumer)):
            self._over(key, POSTPONED)

    def close(self) -> None:
        """Give up what is under way; the relay, here or elsewhere, repeats it."""
        for peer in self._peers.values():
            peer.close()

    def _attempt(self, peer: Peer, row: OutboxRow, consumer: str) -> None:
        outcome = AWAY_OUTCOME
        try:
            outcome = self._call(peer, row, consumer)
            if outcome in {DONE, REPEATED, EXPIRED}:
                self._receipts.keep(row.event_id, consumer)
        except HavenError as error:  # the store is away: delivered again, and found done
            log.warning("courier.receipt-not-stored", consumer=consumer, **failure(error))
            outcome = UNRECORDED
        finally:
            self._over((row.event_id, consumer), outcome)

    def _call(self, peer: Peer, row: OutboxRow, consumer: str) -> str:
        envelope = envelope_of(row)
        with continued(
            row.traceparent, "Deliver", kind=SpanKind.CLIENT, consumer=consumer, type=row.type
        ):
            envelope.traceparent = traceparent = current_traceparent()
            try:
                answer = peer.deliver(envelope, traceparent=traceparent)
            except grpc.RpcError as error:
                return _refusal(error, row, consumer)
        return REPEATED if answer.repeated_delivery else DONE

    def _over(self, key: tuple[str, str], outcome: str) -> None:
        delivered.labels(outcome).inc()
        with self._lock:
            self._under_way.discard(key)


def _refusal(error: grpc.RpcError, row: OutboxRow, consumer: str) -> str:
    """What a failed call means: too late, nobody there, or an answer that a person must read."""
    reason = reason_of(error)
    if reason == EXPIRED_REASON:
        return EXPIRED
    if error.code() in AWAY:
        return AWAY_OUTCOME
    log.error(
        "courier.refused",
        consumer=consumer,
        type=row.type,
        code=error.code().name,
        reason=reason,
    )
    return REFUSED


def reason_of(error: grpc.RpcError) -> str:
    """The stable reason in an error's details; empty where there is none."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""
