"""The chassis' own Prometheus metrics. Domain metrics are defined in the file that moves them.

Labels are codes known at start, and every label set exists with 0 from then on: an alert on a
counter that has never moved must find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import Counter, Gauge, Histogram

from chassis.telemetry.endpoint import Endpoint, listen

# gRPC's codes that Haven answers with, as labels.
CODES = (
    "OK", "CANCELLED", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "INTERNAL", "UNAVAILABLE", "UNAUTHENTICATED",
)  # fmt: skip
EVENT_OUTCOMES = ("done", "retried", "dead")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

rpc_requests = Counter("haven_rpc_requests", "Finished RPCs.", ["service", "method", "code"])
rpc_duration = Histogram(
    "haven_rpc_duration_seconds", "Time to answer an RPC.", ["service", "method"], buckets=SECONDS
)
event_published = Counter(
    "haven_event_published", "Events confirmed by the broker.", ["exchange", "type"]
)
event_handled = Counter(
    "haven_event_handled", "Events taken from a queue, by how they ended.", ["queue", "outcome"]
)
event_lag = Histogram(
    "haven_event_lag_seconds",
    "From an event's commit to its effect's commit.",
    ["queue"],
    buckets=SECONDS,
)
outbox_pending = Gauge(
    "haven_outbox_pending_events", "Events committed and not yet published.", ["service"]
)
outbox_oldest_pending = Gauge(
    "haven_outbox_oldest_pending_timestamp_seconds",
    "When the oldest pending event was committed; 0 where none is.",
    ["service"],
)
outbox_oldest_awaiting = Gauge(
    "haven_outbox_oldest_awaiting_timestamp_seconds",
    "When the oldest crisis-class event was committed that some consumer has not taken; 0 = none.",
    ["service"],
)
lease_held = Gauge("haven_lease_held", "1 while this process holds the job's lease.", ["job"])
build_info = Gauge("haven_build_info", "1 for the running version.", ["version"])
log_fields_dropped = Counter("haven_log_fields_dropped", "Log fields outside the allow-list.")


def expect_rpcs(service: str, methods: Iterable[str]) -> None:
    """Every method and code at 0."""
    for method in methods:
        rpc_duration.labels(service, method)
        for code in CODES:
            rpc_requests.labels(service, method, code)


def expect_events(*, published: Iterable[tuple[str, str]], queues: Iterable[str]) -> None:
    """Every (exchange, type) that is published and every queue that is consumed at 0."""
    for exchange, event_type in published:
        event_published.labels(exchange, event_type)
    for queue in queues:
        event_lag.labels(queue)
        for outcome in EVENT_OUTCOMES:
            event_handled.labels(queue, outcome)


def expect_outbox(service: str) -> None:
    """The service's outbox, empty."""
    outbox_pending.labels(service).set(0)
    outbox_oldest_pending.labels(service).set(0)
    outbox_oldest_awaiting.labels(service).set(0)


def expect_leases(jobs: Iterable[str]) -> None:
    """Every job's lease, not held."""
    for job in jobs:
        lease_held.labels(job).set(0)


def serve(
    address: str, health: Callable[[], bool], *, alive: Callable[[], bool] = lambda: True
) -> Endpoint:
    """Open the operators' port: /metrics, /readyz (follows `health`), /livez (follows `alive`)."""
    build_info.labels(_version()).set(1)
    return listen(address, health, alive=alive)


def _version() -> str:
    try:
        return version("haven")
    except PackageNotFoundError:
        return "unknown"
