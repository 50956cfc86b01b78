"""The other services as one api sees them: each hands over its own events, by its certificate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from haven.delivery.v1 import delivery_pb2, delivery_pb2_grpc

from chassis.auth.pki import Credentials, ensure_local_pki
from chassis.ids import new_id
from chassis.rpc.channel import open_async_channel


class Publishers:
    """Every service that publishes what the api at the internal address consumes."""

    def __init__(self, stack: AsyncExitStack, address: str, *, service: str, pki_dir: Path) -> None:
        self._stack, self._address = stack, address
        self._service, self._pki_dir = service, pki_dir
        self._stubs: dict[str, Any] = {}

    async def tell(
        self, event: Message, *, tenant_id: str, event_id: str = "", version: int = 1
    ) -> bool:
        """Its publisher delivers the event; True where it had been delivered before."""
        envelope = delivery_pb2.Envelope(
            event_id=event_id or new_id(),
            type=event.DESCRIPTOR.full_name,
            tenant_id=tenant_id,
            aggregate_id=new_id(),
            aggregate_version=version,
            body=event.SerializeToString(),
        )
        envelope.create_time.FromDatetime(datetime.now(UTC))
        stub = await self._stub_of(event.DESCRIPTOR.full_name.split(".")[1])
        answer = await stub.Deliver(delivery_pb2.DeliverRequest(envelope=envelope), timeout=10)
        return bool(answer.repeated_delivery)

    async def _stub_of(self, publisher: str) -> Any:
        if publisher not in self._stubs:
            ensure_local_pki(self._pki_dir, [publisher])
            own = Credentials.of(self._pki_dir, publisher)
            channel = open_async_channel(self._address, own, service=self._service)
            opened = await self._stack.enter_async_context(channel)
            self._stubs[publisher] = delivery_pb2_grpc.DeliveryServiceStub(opened)
        return self._stubs[publisher]


@asynccontextmanager
async def open_publishers(
    address: str, *, service: str, pki_dir: Path
) -> AsyncIterator[Publishers]:
    """Connected until left."""
    async with AsyncExitStack() as stack:
        yield Publishers(stack, address, service=service, pki_dir=pki_dir)
