"""A stock client of intake's api, and another process that hands events over."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status.rpc_status import from_call
from haven.intake.v1 import intake_pb2_grpc

from chassis.ids import new_id
from tests.integration.publishers import Publishers


class Refused(Exception):
    """A call that was not answered: the code, the reason and the fields."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in from_call(error).details:
            detail.Unpack(info)
            detail.Unpack(fields)
        super().__init__(f"{error.code().name} {info.reason}: {error.details()}")
        self.code, self.reason, self.domain = error.code().name, info.reason, info.domain
        self.violations = [(each.field, each.reason) for each in fields.field_violations]


class Desk:
    """Someone with a token, calling the public address."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub: Any = intake_pb2_grpc.IntakeServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def ask(self, request: Any) -> Any:
        """The answer; mutations get a key of their own unless they carry one."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = new_id()
        method = getattr(self._stub, request.DESCRIPTOR.name.removesuffix("Request"))
        try:
            return await method(request, metadata=self._metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            raise Refused(error) from None

    async def refusal(self, request: Message) -> Refused:
        """The refusal of what must not be answered."""
        try:
            answer = await self.ask(request)
        except Refused as refused:
            return refused
        raise AssertionError(f"answered: {answer}")


class Neighbor:
    """The other services, handing their facts over."""

    def __init__(self, publishers: Publishers, tenant_id: str) -> None:
        self._publishers, self._tenant_id = publishers, tenant_id

    async def tells(self, event: Message, *, version: int = 1, event_id: str = "") -> bool:
        """Deliver one event; True where it had been delivered before."""
        return await self._publishers.tell(
            event, tenant_id=self._tenant_id, version=version, event_id=event_id
        )
