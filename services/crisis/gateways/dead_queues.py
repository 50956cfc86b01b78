"""Parked crisis-class events, by their headers alone.

A parked event's queue tells its type and its consumer, whatever its own headers say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from haven.notify.v1 import events_pb2 as notify_pb2

from chassis.dead_letters import DeadLetter, count_dead, list_dead
from chassis.ids import derived_id
from chassis.topology import (
    Catalogue,
    EventSpec,
    MessageClass,
    dead_queue_name,
    event_type,
    queue_name,
)
from services.crisis.domain.findings import About, ParkedEvent

OURS = "crisis"
ANSWERS = frozenset(map(event_type, (notify_pb2.MessageFailed, notify_pb2.PageAnswered)))
MOST = 10_000  # of one queue; looking takes about 0.2 ms for each


@dataclass(frozen=True, slots=True)
class Watched:
    """One queue whose dead queue is looked at."""

    queue: str
    consumer: str
    spec: EventSpec


class BrokerDeadQueues:
    """A look takes nothing away: what was seen lies there as before."""

    def __init__(self, amqp_uri: str, catalogue: Catalogue) -> None:
        self._amqp_uri = amqp_uri
        self._watched = watched(catalogue)

    def parked(self) -> list[ParkedEvent]:
        """What lies there, oldest first; Unavailable where the broker is away."""
        counts = count_dead(self._amqp_uri, [dead_queue_name(each.queue) for each in self._watched])
        return [
            _parked(each, letter)
            for each in self._watched
            if counts[dead_queue_name(each.queue)]
            for letter in list_dead(self._amqp_uri, each.queue, limit=MOST)
        ]


def watched(catalogue: Catalogue) -> Sequence[Watched]:
    """The queues of crisis-class events: calls for help, pages, what people are told of them."""
    return [
        Watched(queue_name(consumer, spec), consumer, spec)
        for spec in catalogue.events.values()
        if spec.message_class is MessageClass.CRISIS
        for consumer in spec.consumers
    ]


def _parked(watched: Watched, letter: DeadLetter) -> ParkedEvent:
    return ParkedEvent(
        # Without an id of ours: the same facts are the same event.
        event_id=letter.event_id
        or derived_id(watched.queue, letter.tenant_id, letter.aggregate_id, letter.create_time),
        tenant_id=letter.tenant_id,
        about=about_of(watched.spec),
        aggregate_id=letter.aggregate_id,
        queue=watched.queue,
        consumer=watched.consumer,
        time=_time(letter.create_time),
    )


def about_of(spec: EventSpec) -> About:
    """A type that this release does not know by name may be a call for help."""
    if spec.service == OURS:
        return About.CASE
    return About.ANSWER if spec.type in ANSWERS else About.SIGNAL


def _time(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
