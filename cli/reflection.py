"""Calling any RPC with nothing but an address: contracts are learned by server reflection.

What a partner's stock client does. No generated code of ours is used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, Unavailable
from chassis.ids import new_id

CALL_SECONDS = 10.0
STANDARD = "grpc."  # health and reflection themselves


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was answered with an error."""

    code: str
    text: str
    reason: str
    violations: tuple[str, ...]


class Caller:
    """One service's public address, seen by a client that knows only reflection."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._database = ProtoReflectionDescriptorDatabase(channel)
        self._pool = DescriptorPool(self._database)

    def methods(self) -> Iterator[str]:
        """Full names of everything that can be called."""
        for service in sorted(self._services()):
            for method in self._pool.FindServiceByName(service).methods:
                yield f"{service}/{method.name}"

    def method(self, name: str) -> MethodDescriptor:
        """The method of that name, with or without its service; NotFound where there is none."""
        service, _, method = name.rpartition("/")
        found = [
            full
            for full in self.methods()
            if full.rpartition("/")[2] == method and (not service or full.startswith(f"{service}/"))
        ]
        if len(found) != 1:
            raise NotFound("METHOD_UNKNOWN", f"{name}: {', '.join(found) or 'no such method'}")
        full_service, _, method = found[0].rpartition("/")
        return self._pool.FindServiceByName(full_service).methods_by_name[method]

    def call(self, name: str, request: Mapping[str, Any], token: str) -> dict[str, Any] | Refusal:
        """Send one request and get one answer, both as JSON says them."""
        method = self.method(name)
        if method.client_streaming or method.server_streaming:
            raise FailedPrecondition("METHOD_STREAMS", f"{name} is a stream and needs a client")
        message = GetMessageClass(method.input_type)()
        if "request_id" in method.input_type.fields_by_name:
            request = {"requestId": new_id(), **request}
        try:
            json_format.ParseDict(dict(request), message, descriptor_pool=self._pool)
        except json_format.ParseError as error:
            raise InvalidArgument("REQUEST_MALFORMED", str(error)) from error
        answer: Any = self._channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda out: out.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        try:
            response = answer(message, timeout=CALL_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            return _refusal(error)
        shown: dict[str, Any] = json_format.MessageToDict(response, descriptor_pool=self._pool)
        return shown

    def _services(self) -> list[str]:
        try:
            names = self._database.get_services()
        except grpc.RpcError as error:
            raise Unavailable("SERVICE_UNAVAILABLE", "nothing answers there") from error
        return [name for name in names if not name.startswith(STANDARD)]


def _refusal(error: grpc.RpcError) -> Refusal:
    assert isinstance(error, grpc.Call)
    reason, violations = "", []
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            violations += [f"{each.field}: {each.description}" for each in bad.field_violations]
    return Refusal(error.code().name, error.details() or "", reason, tuple(violations))
