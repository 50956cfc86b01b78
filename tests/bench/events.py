"""From a commit to the committed effect in the next service, beside a million old rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from haven.intake.v1.events_pb2 import AliasAssigned
from kombu import Connection, Queue

from chassis.call import system_call
from chassis.ids import new_id
from chassis.store import Store
from tests.bench.figures import Figure, percentile
from tests.bench.platform import TENANT, Platform, platform
from tests.waiting import eventually

RATE, SECONDS, BARE_SECONDS = 100, 60, 15
OLD_ROWS, BATCH = 1_000_000, 10_000


def measure() -> list[Figure]:
    """Median and 99th percentile at 100 events/s for a minute."""
    with platform() as running:
        _fill(running)
        samples = _run(running)
        bare = _bare(running)
    load = f"{len(samples):,} events at {RATE}/s, {OLD_ROWS:,} old rows in each collection"

    def figure(name: str, share: float, bound: str) -> Figure:
        yardstick = f"bare kombu publish to consume {percentile(bare, share):.1f} ms; {load}"
        return Figure(name, percentile(samples, share), "ms", yardstick, bound)

    return [
        figure("event_effect_p50_ms", 0.5, "<= 25"),
        figure("event_effect_p99_ms", 0.99, "<= 100"),
    ]


def _bare(running: Platform) -> list[float]:
    """The same rate through a queue of the same type, with kombu alone and no store."""
    assert running.stack.broker is not None
    samples: list[float] = []
    queue = Queue("bench.bare", durable=True, queue_arguments={"x-queue-type": "quorum"})
    ready, done = threading.Event(), threading.Event()

    def take(body: Any, message: Any) -> None:
        samples.append((time.perf_counter() - body["at"]) * 1000)
        message.ack()

    def consume() -> None:
        with (
            Connection(running.stack.broker.uri) as connection,  # type: ignore[union-attr]
            connection.Consumer(queue, callbacks=[take]),
        ):
            ready.set()
            while not done.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.2)

    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    ready.wait(10)
    with Connection(running.stack.broker.uri) as connection:
        producer, start = connection.Producer(), time.perf_counter()
        for number in range(RATE * BARE_SECONDS):
            time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            producer.publish({"at": time.perf_counter()}, routing_key=queue.name, delivery_mode=2)
        eventually(lambda: len(samples) == RATE * BARE_SECONDS, within=30)
    done.set()
    thread.join()
    return samples


def commit(store: Store) -> str:
    """Commit one event of an alias for somebody new; its id."""
    event = AliasAssigned(patient_id=new_id(), group_id=new_id(), alias="Quiet Heron 7")
    call = system_call(TENANT, service="intake", action="bench.commit")
    return store.transact(
        call, lambda tx: tx.emit(event, aggregate_id=event.patient_id, aggregate_version=1)
    )


def _run(running: Platform) -> list[float]:
    store, committed = running.store("intake"), dict[str, float]()
    effects = Effects(running)
    start = time.perf_counter()
    for number in range(RATE * SECONDS):
        time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        event_id = commit(store)
        committed[event_id] = time.perf_counter()
    eventually(lambda: committed.keys() <= effects.seen.keys(), within=30)
    effects.close()
    return [(effects.seen[event] - instant) * 1000 for event, instant in committed.items()]


class Effects:
    """When each effect was there, by a change stream on the consumer's inbox."""

    def __init__(self, running: Platform) -> None:
        self.seen: dict[str, float] = {}
        self._stream = running.rows("sessions", "inbox").watch(
            [{"$match": {"operationType": "insert"}}], max_await_time_ms=200
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no longer."""
        self._stopping.set()
        self._thread.join()
        self._stream.close()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            change = self._stream.try_next()
            if change is not None:
                self.seen[change["fullDocument"]["event_id"]] = time.perf_counter()


def _fill(running: Platform) -> None:
    """Rows like those of a busy year, made from real ones."""
    store, inbox = running.store("intake"), running.rows("sessions", "inbox")
    event_id = commit(store)
    eventually(lambda: inbox.find_one({"event_id": event_id}), within=20)
    outbox = running.rows("intake", "outbox")
    eventually(lambda: outbox.find_one({"_id": event_id, "published": True}), within=20)
    audit = running.rows("intake", "audit_entries")
    sealed = eventually(lambda: audit.find_one({"sealed": True}), within=20)
    for rows, sample in (
        (outbox, outbox.find_one({"_id": event_id})),
        (inbox, inbox.find_one({"event_id": event_id})),
        (audit, sealed),
    ):
        for batch in _copies(sample):
            rows.insert_many(batch, ordered=False)


def _copies(sample: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    own = {name: value for name, value in sample.items() if name != "event_id"}
    for first in range(0, OLD_ROWS, BATCH):
        yield [
            {**own, "_id": new_id(), "tenant_id": "an-old-tenant", **_numbered(sample, number)}
            for number in range(first, first + BATCH)
        ]


def _numbered(sample: dict[str, Any], number: int) -> dict[str, Any]:
    """What a unique index asks to differ."""
    return {
        **({"sequence": number + 1} if "sequence" in sample else {}),
        **({"event_id": new_id()} if "event_id" in sample else {}),
    }
