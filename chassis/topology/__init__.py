"""What travels between services and through which queues, derived from the event messages alone.

Nothing is typed twice: the message's name gives the routing key, its option the class and the
consumers, and these give every exchange, queue, retry queue and dead queue.
"""

from chassis.topology.catalogue import (
    Catalogue,
    EventSpec,
    MessageClass,
    event_type,
    load_catalogue,
    spec_of,
)
from chassis.topology.declaration import (
    Topology,
    check,
    declare,
    message_counts,
    topology_of,
)
from chassis.topology.names import (
    RETRY_DELAYS,
    RETRY_STEPS,
    dead_queue_name,
    exchange_name,
    queue_name,
    queue_names,
    retry_queue_name,
    retry_queue_names,
)

__all__ = [
    "RETRY_DELAYS",
    "RETRY_STEPS",
    "Catalogue",
    "EventSpec",
    "MessageClass",
    "Topology",
    "check",
    "dead_queue_name",
    "declare",
    "event_type",
    "exchange_name",
    "load_catalogue",
    "message_counts",
    "queue_name",
    "queue_names",
    "retry_queue_name",
    "retry_queue_names",
    "spec_of",
    "topology_of",
]
