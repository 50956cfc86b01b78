"""The server side of Deliver: an event straight from its committer, by the queue's own inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from google.protobuf.message import Message
from haven.delivery.v1 import delivery_pb2, delivery_pb2_grpc

from chassis.call import Actor
from chassis.clock import Clock
from chassis.deadline import Deadline
from chassis.errors import DeadlineExceeded, InvalidArgument, PermissionDenied
from chassis.inbound import Handler, Outcome, receive
from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from chassis.tenants import Tenants
from chassis.topology import spec_of

SERVICE = delivery_pb2.DESCRIPTOR.services_by_name["DeliveryService"]


class DeliveryServicer(delivery_pb2_grpc.DeliveryServiceServicer):
    """Hands delivered events to the same handlers, under the same inbox keys, as the queues."""

    def __init__(
        self,
        bridge: Bridge,
        consumers: Mapping[type[Message], Handler],
        *,
        service: str,
        clock: Clock,
        tenants: Tenants,
    ) -> None:
        self._bridge, self._service, self._clock, self._tenants = bridge, service, clock, tenants
        specs = ((spec_of(message), handler) for message, handler in consumers.items())
        self._consumers = {spec.type: (spec, handler) for spec, handler in specs}
        self._under_way: dict[str, asyncio.Future[Outcome]] = {}

    async def Deliver(
        self, request: delivery_pb2.DeliverRequest, context: Context
    ) -> delivery_pb2.DeliverResponse:
        """Answers when the event's effect is committed, now or earlier."""
        caller, deadline = self._bridge.caller_of(context), self._bridge.deadline_of(context)
        envelope = request.envelope
        # The caller belongs to the key: who may not bring the event must not join one who may.
        key = "\x1f".join((caller.subject, envelope.tenant_id, envelope.type, envelope.event_id))
        if (first := self._under_way.get(key)) is not None:
            # A second transaction would only wait for the first one's locks, and hold a thread.
            await _joined(first, deadline)
            return delivery_pb2.DeliverResponse(repeated_delivery=True)
        taking = asyncio.ensure_future(
            self._bridge.urgently(self._receive, envelope, caller, deadline)
        )
        self._under_way[key] = taking
        taking.add_done_callback(lambda done: self._over(key, done))
        outcome = await asyncio.shield(taking)
        return delivery_pb2.DeliverResponse(repeated_delivery=outcome is Outcome.REPEATED)

    def _over(self, key: str, done: asyncio.Future[Outcome]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # known to whoever waits; where nobody does any more, it is no news

    def _receive(
        self, envelope: delivery_pb2.Envelope, caller: Actor, deadline: Deadline
    ) -> Outcome:
        deadline.check()  # it may have waited for this thread
        if envelope.type not in self._consumers:
            raise InvalidArgument("EVENT_TYPE_UNKNOWN", "this service does not consume the type")
        spec, handler = self._consumers[envelope.type]
        # The effect is written down as the publisher's act, so nobody else may bring it.
        if caller.subject != f"service:{spec.service}":
            raise PermissionDenied("EVENT_PUBLISHER_WRONG", "the caller does not publish the type")
        self._tenants.require(envelope.tenant_id)
        return receive(
            envelope,
            spec,
            handler,
            consumer=self._service,
            now=self._clock.now(),
            deadline=deadline,
        )


async def _joined(first: asyncio.Future[Outcome], deadline: Deadline) -> None:
    """The same event's delivery that came before, as far as the caller waits."""
    try:
        await asyncio.wait_for(asyncio.shield(first), deadline.remaining())
    except TimeoutError:
        deadline.check()
        raise DeadlineExceeded("DEADLINE_EXCEEDED", "the caller's deadline has passed") from None


def served(servicer: DeliveryServicer) -> Served:
    """The servicer as a server takes it."""
    return Served(delivery_pb2_grpc.add_DeliveryServiceServicer_to_server, servicer, SERVICE)
