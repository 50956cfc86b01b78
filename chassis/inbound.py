"""An event on its way in, by whichever way it came: from the broker or by Deliver.

Both ways make the same call with the same inbox key, so whichever comes first has the effect and
the other finds it done. Neither grpc nor nameko is known here: api and worker both use it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from google.protobuf.message import DecodeError, Message
from haven.delivery.v1.delivery_pb2 import Envelope

from chassis.call import Actor, Call, EventOnce, Role
from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.store import AlreadyDone
from chassis.topology import EventSpec, queue_name

REQUIRED = ("event_id", "tenant_id", "aggregate_id")

# What a consumer does with one kind of event; the effect is committed when it returns.
Handler = Callable[[Call, Any], None]


class Outcome(StrEnum):
    """What became of an event that raised no error."""

    DONE = "done"
    REPEATED = "repeated"


class EventExpired(FailedPrecondition):
    """The event came after its expire_time: it must not act any more, and nobody needs to retry."""


def receive(
    envelope: Envelope,
    spec: EventSpec,
    handler: Handler,
    *,
    consumer: str,
    now: datetime,
    deadline: Deadline,
) -> Outcome:
    """Run the handler once per event: its effect is committed, now or earlier.

    Raises InvalidArgument for what can never be read, EventExpired for what came too late, and
    whatever the handler raises.
    """
    call = event_call(envelope, spec, consumer, now=now, deadline=deadline)
    event = event_of(envelope, spec)
    try:
        handler(call, event)
    except AlreadyDone:
        return Outcome.REPEATED
    return Outcome.DONE


def event_call(
    envelope: Envelope, spec: EventSpec, consumer: str, *, now: datetime, deadline: Deadline
) -> Call:
    """The frame of the event's effect in this consumer; its inbox key is the queue's name."""
    missing = [name for name in REQUIRED if not getattr(envelope, name)]
    if not envelope.HasField("create_time"):
        missing.append("create_time")
    if missing:
        raise InvalidArgument("EVENT_HEADERS_MISSING", f"the envelope lacks {', '.join(missing)}")
    if envelope.type != spec.type:
        raise InvalidArgument("EVENT_TYPE_UNKNOWN", "another type of event is expected here")
    if envelope.HasField("expire_time") and envelope.expire_time.ToDatetime(tzinfo=UTC) <= now:
        raise EventExpired("EVENT_EXPIRED", "the event came after its expire_time")
    queue = queue_name(consumer, spec)
    return Call(
        tenant_id=envelope.tenant_id,
        actor=Actor(f"service:{spec.service}", frozenset({Role.WORKLOAD})),
        action=f"event.{spec.subject}",
        once=EventOnce(
            queue,
            envelope.event_id,
            envelope.aggregate_version,
            envelope.create_time.ToDatetime(tzinfo=UTC),
        ),
        deadline=deadline,
        company=queue,
    )


def event_of(envelope: Envelope, spec: EventSpec) -> Message:
    """The event message in the envelope's body; InvalidArgument("EVENT_UNDECODABLE") if none is."""
    try:
        return spec.message.FromString(envelope.body)
    except DecodeError:
        # Not chained: a decoder's own words may quote the body.
        raise InvalidArgument("EVENT_UNDECODABLE", "the body is not of the event's type") from None
