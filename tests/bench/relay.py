"""How fast one relay loop empties an outbox, against kombu with one confirm per message."""

from __future__ import annotations

import time
from typing import Any

from kombu import Connection, Exchange

from chassis.ids import new_id
from tests.bench.events import commit
from tests.bench.figures import Figure
from tests.bench.platform import Platform, platform
from tests.waiting import eventually

EVENTS, BATCH = 20_000, 5_000
YARDSTICK_SECONDS = 5.0


def measure() -> list[Figure]:
    """Events per second of one class, published, confirmed and marked."""
    with platform() as running:
        sample = _sample(running)
        for name in ("sessions-worker", "intake-relay"):  # nobody else is at work on them
            running.stack.processes[name].stop(within=20.0)
        yardstick = _one_by_one(running, sample)
        rate = _relayed(running, sample)
    text = f"kombu, one confirm per message {yardstick:,.0f}/s"
    return [Figure("relay_events_per_s", rate, "events/s", text, ">= 1000")]


def _sample(running: Platform) -> dict[str, Any]:
    rows, event_id = running.rows("intake", "outbox"), commit(running.store("intake"))
    found: dict[str, Any] = eventually(
        lambda: rows.find_one({"_id": event_id, "published": True}), within=20
    )
    return found


def _relayed(running: Platform, sample: dict[str, Any]) -> float:
    rows = running.rows("intake", "outbox")
    fresh = {**sample, "published": False, "publish_time": None}
    ids = [new_id() for _ in range(EVENTS)]
    for first in range(0, EVENTS, BATCH):
        batch = ids[first : first + BATCH]
        rows.insert_many([{**fresh, "_id": each} for each in batch])
    running.stack.restart("intake-relay")
    done = {"_id": {"$in": ids}, "published": True}
    eventually(lambda: rows.count_documents(done) == EVENTS, within=120)
    times = [row["publish_time"] for row in rows.find(done, {"publish_time": 1})]
    first_batch = min(times)
    later = sum(each > first_batch for each in times)
    seconds: float = (max(times) - first_batch).total_seconds()
    return float(later / seconds)


def _one_by_one(running: Platform, sample: dict[str, Any]) -> float:
    assert running.stack.broker is not None
    count = 0
    with Connection(
        running.stack.broker.uri, transport_options={"confirm_publish": True}
    ) as connection:
        producer = connection.Producer()
        exchange = Exchange(sample["exchange"], type="topic", passive=True)
        end = time.perf_counter() + YARDSTICK_SECONDS
        while time.perf_counter() < end:
            producer.publish(
                bytes(sample["body"]),
                exchange=exchange,
                routing_key=sample["routing_key"],
                content_type="application/x-protobuf",
                content_encoding="binary",
                delivery_mode=2,
                mandatory=True,
                serializer=None,
            )
            count += 1
    return count / YARDSTICK_SECONDS
