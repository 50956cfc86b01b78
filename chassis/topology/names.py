"""Names of exchanges and queues.

`<consumer>.on-<aggregate>-<verb>.<class>` holds what is to be done, `<queue>.retry-<n>s` what waits
n seconds before it comes back, `<queue>.dead` what is parked for a person. Every class has its
suffix, so a name always tells how urgent its content is. Crisis queues have no retry queues: what
cannot be done within seconds in the worker is parked and alarms.
"""

from __future__ import annotations

from chassis.topology.catalogue import EventSpec, MessageClass

# How long a message waits before each further attempt: quick while a conflict or a short outage
# passes, then patient; in all about ten minutes, longer than a database takes to fail over.
RETRY_DELAYS = (1,) * 5 + (10,) * 60
RETRY_STEPS = tuple(sorted(set(RETRY_DELAYS)))


def exchange_name(service: str) -> str:
    """The topic exchange that only this service writes to."""
    return f"{service}.events"


def queue_name(consumer: str, spec: EventSpec) -> str:
    """The queue through which this consumer receives the event; also its key in the inbox."""
    return f"{consumer}.on-{spec.subject}.{spec.message_class}"


def retry_queue_name(queue: str, seconds: int) -> str:
    """Where a message of this queue waits that many seconds."""
    return f"{queue}.retry-{seconds}s"


def retry_queue_names(queue: str) -> list[str]:
    """Every waiting queue of this queue; none for the crisis class."""
    if queue.endswith(f".{MessageClass.CRISIS}"):
        return []
    return [retry_queue_name(queue, seconds) for seconds in RETRY_STEPS]


def dead_queue_name(queue: str) -> str:
    """Where messages of this queue are parked until somebody redrives them."""
    return f"{queue}.dead"


def queue_names(queue: str) -> list[str]:
    """The queue with all that is derived from it."""
    return [queue, *retry_queue_names(queue), dead_queue_name(queue)]
