"""From a commit to the committed effect in the next service, beside a million old rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psutil
from haven.intake.v1.events_pb2 import AliasAssigned
from kombu import Connection, Queue

from chassis.call import system_call
from chassis.ids import new_id
from chassis.store import AUDIT, Store
from chassis.store.once import INBOX
from chassis.store.outbox_rows import OUTBOX
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure, percentile
from tests.bench.platform import TENANT, Platform, platform
from tests.waiting import eventually

RATE, SECONDS, BARE_SECONDS, ALONE_SECONDS = 100, 60, 15, 20
# Who carries the event. The text tells what they need where the two cores are theirs alone.
PATH = ("intake-relay", "sessions-worker")
OLD_ROWS, BATCH = 1_000_000, 10_000

Times = dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Run:
    """How long each event took, and how busy the cores were meanwhile (0-1)."""

    samples: list[float]
    busy: float

    def text(self, share: float) -> str:
        """The percentile and what it was measured on."""
        return f"{percentile(self.samples, share):.0f} ms (cores {self.busy:.0%} busy)"


def measure() -> list[Figure]:
    """Median and 99th percentile at 100 events/s for a minute, the whole platform running.

    The text tells what else decides: how busy the cores were, what the same events take where only
    those two processes run that carry them, and how many transactions the machine can do at all.
    """
    with platform() as running:
        _grow_old(running)
        assert running.stack.database is not None
        ceiling = transactions_per_second(running.stack.database.uri)
        running.stack.wait_ready(PATH)
        alone = _run(running, ALONE_SECONDS)
        bare = _bare(running)
        running.stack.wait_ready([name for name in running.stack.processes if name not in PATH])
        whole = _run(running, SECONDS)
    load = f"{len(whole.samples):,} events at {RATE}/s, {OLD_ROWS:,} old rows in each collection"

    def figure(name: str, share: float, bound: str) -> Figure:
        yardstick = (
            f"bare kombu publish to consume {percentile(bare, share):.1f} ms; {load}, cores"
            f" {whole.busy:.0%} busy; with all other processes ended {alone.text(share)};"
            f" at most {ceiling:,.0f} bare transactions/s"
        )
        return Figure(name, percentile(whole.samples, share), "ms", yardstick, bound)

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


def _run(running: Platform, seconds: int) -> Run:
    store, event_ids = running.store("intake"), list[str]()
    begin = running.rows("intake", OUTBOX).database.command("hello")["localTime"]
    psutil.cpu_percent()
    start = time.perf_counter()
    for number in range(RATE * seconds):
        time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        event_ids.append(commit(store))
    busy = psutil.cpu_percent() / 100
    taken = {"event_id": {"$in": event_ids}}
    inbox = running.rows("sessions", INBOX)
    eventually(lambda: inbox.count_documents(taken) == len(event_ids), within=30)
    committed, had_effect = _commit_times(running, begin)
    samples = [
        (had_effect[event_id] - committed[event_id]).total_seconds() * 1000
        for event_id in event_ids
    ]
    return Run(samples, busy)


def _commit_times(running: Platform, begin: datetime) -> tuple[Times, Times]:
    """When each event and each effect was committed, as the database's own log has it.

    Nobody has to watch for effects while the clock runs: the two cores are for the platform.
    """
    times: dict[str, Times] = {f"intake.{OUTBOX}": {}, f"sessions.{INBOX}": {}}
    in_log = {"wall": {"$gte": begin}, "o.applyOps.ns": {"$in": list(times)}}
    for entry in running.client.local["oplog.rs"].find(in_log):
        for change in entry["o"]["applyOps"]:
            if change["ns"] in times and change["op"] == "i":
                row = change["o"]
                times[change["ns"]][row.get("event_id", row["_id"])] = entry["wall"]
    return times[f"intake.{OUTBOX}"], times[f"sessions.{INBOX}"]


def _grow_old(running: Platform) -> None:
    """A busy year behind the platform, whose processes are left ended."""
    samples = _samples(running)
    for child in running.stack.processes.values():
        child.stop(within=20.0)
    for rows, sample in samples:
        for batch in _copies(sample):
            rows.insert_many(batch, ordered=False)
    running.client.admin.command("fsync")  # what the year wrote is on disk before the minute


def _samples(running: Platform) -> list[tuple[Any, dict[str, Any]]]:
    """A real row of each collection, after all that will ever happen to it."""
    store, inbox = running.store("intake"), running.rows("sessions", INBOX)
    event_id = commit(store)
    eventually(lambda: inbox.find_one({"event_id": event_id}), within=20)
    outbox = running.rows("intake", OUTBOX)
    eventually(lambda: outbox.find_one({"_id": event_id, "published": True}), within=20)
    audit = running.rows("intake", AUDIT)
    sealed = eventually(lambda: audit.find_one({"sealed": True}), within=20)
    return [
        (outbox, outbox.find_one({"_id": event_id})),
        (inbox, inbox.find_one({"event_id": event_id})),
        (audit, sealed),
    ]


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
