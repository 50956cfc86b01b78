"""The books of the whole platform: what was committed, and what each consumer made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from chassis.dead_letters import count_dead, dead_queues, list_dead
from chassis.topology import Catalogue, EventSpec, load_catalogue, queue_name
from cli.environment import SERVICES

LATEST_SECONDS = 2.0
PAGE = ("case_id", "cycle", "rung", "recipient_id")


@dataclass(frozen=True)
class Ledger:
    """Read from the databases and the broker, not from what processes say of themselves."""

    amqp_uri: str
    client: MongoClient[dict[str, Any]]

    def unsettled(self) -> list[str]:
        """Unpublished, without a receipt, or without its effect; in the end there is none."""
        return [*self._waiting(), *(text for text, count in self._effects().items() if count == 0)]

    def doubled(self) -> list[str]:
        """What happened twice: a patient's case, a step's page, a page's message."""
        return [
            *self._groups("crisis", "cases", ("tenant_id", "patient_id"), {}),
            *self._groups("crisis", "case_acts", PAGE, {"kind": "paged"}),
            *self._groups("notify", "messages", ("page_id",), {"is_page": True}),
        ]

    def _groups(
        self, service: str, collection: str, key: tuple[str, ...], only: dict[str, Any]
    ) -> list[str]:
        """Keys that stand more than once where they may stand once."""
        group = {"_id": {name: f"${name}" for name in key}, "count": {"$sum": 1}}
        pipeline = [{"$match": only}, {"$group": group}, {"$match": {"count": {"$gt": 1}}}]
        rows = self.client[service][collection]
        assert rows.find_one(only), f"no {collection} to look at"
        return [f"{collection}: {found['_id']}" for found in rows.aggregate(pipeline)]

    def late(self) -> list[str]:
        """Crisis-class events that took longer than two seconds from commit to effect."""
        late = []
        for spec, row in self._events():
            if spec.message_class != "crisis":
                continue
            for consumer in spec.consumers:
                seconds = self._seconds(spec, consumer, row)
                if seconds > LATEST_SECONDS:
                    late.append(f"{spec.subject} took {seconds:.1f} s to {consumer}")
        return late

    def dead(self) -> list[str]:
        """What is parked, and why."""
        counts = count_dead(self.amqp_uri, dead_queues(catalogue()))
        queues = [queue.removesuffix(".dead") for queue, count in counts.items() if count]
        return [
            f"{each.event_id} in {queue}: {each.reason} after {each.attempts}"
            for queue in queues
            for each in list_dead(self.amqp_uri, queue)
        ]

    def _waiting(self) -> list[str]:
        waiting = []
        for service in SERVICES:
            rows = self.client[service]["outbox"]
            unpublished = rows.count_documents({"published": False})
            unreceipted = rows.count_documents({"awaiting": {"$ne": []}})
            if unpublished or unreceipted:
                waiting.append(f"{service}: {unpublished} unpublished, {unreceipted} unreceipted")
        return waiting

    def _effects(self) -> Counter[str]:
        effects: Counter[str] = Counter()
        inboxes = {service: self._inbox(service) for service in SERVICES}
        for spec, row in self._events():
            for consumer in spec.consumers:
                text = f"{spec.subject} {row['_id']} in {consumer}"
                effects[text] += inboxes[consumer][queue_name(consumer, spec), row["_id"]]
        return effects

    def _inbox(self, service: str) -> Counter[tuple[str, str]]:
        rows = self.client[service]["inbox"].find({}, {"consumer": 1, "event_id": 1})
        return Counter((row["consumer"], row["event_id"]) for row in rows)

    def _events(self) -> list[tuple[EventSpec, dict[str, Any]]]:
        known = catalogue().events
        return [
            (known[row["type"]], row)
            for service in SERVICES
            for row in self.client[service]["outbox"].find({}, {"type": 1, "create_time": 1})
        ]

    def _seconds(self, spec: EventSpec, consumer: str, row: dict[str, Any]) -> float:
        key = {"consumer": queue_name(consumer, spec), "event_id": row["_id"]}
        effect = self.client[consumer]["inbox"].find_one(key)
        assert effect is not None, f"{spec.subject} had no effect in {consumer}"
        return float((effect["create_time"] - row["create_time"]).total_seconds())


def catalogue() -> Catalogue:
    """Every event of the five services."""
    return load_catalogue(SERVICES)
