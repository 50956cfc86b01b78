"""A service without a domain: its descriptors are made here, its methods do what a test needs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from haven.policy.v1 import policy_pb2

from chassis.call import Actor, Call
from chassis.rpc.bridge import Bridge
from chassis.rpc.frame import running
from chassis.rpc.server import Served

PACKAGE = "haven.echo.v1"
ECHO, PEER = f"{PACKAGE}.EchoService", f"{PACKAGE}.PeerService"
PEOPLE = (policy_pb2.ROLE_PATIENT, policy_pb2.ROLE_CLINICIAN)
STAFF = (policy_pb2.ROLE_CLINICIAN,)
WORKLOADS = (policy_pb2.ROLE_WORKLOAD,)
STRING, BYTES = (
    descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
)


@dataclass(frozen=True)
class Method:
    """A method as a proto file would say it."""

    name: str
    roles: Sequence[int] = STAFF
    request: str = "SayRequest"
    action: str = "echo.say"
    patient_field: str = ""
    takes_stream: bool = False
    gives_stream: bool = False


METHODS = (
    Method("Say", PEOPLE, patient_field="patient_id"),
    Method("Change", request="ChangeRequest", action="echo.change"),
    Method("Count", gives_stream=True),
    Method("Gather", takes_stream=True),
    Method("Talk", takes_stream=True, gives_stream=True),
    Method("Fail"),
)


def service(package: str, name: str, methods: Sequence[Method]) -> ServiceDescriptor:
    """The descriptor of a service with these methods, in a package of its own."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package.replace('.', '/')}/{name}.proto",
        package=package,
        syntax="proto3",
        dependency=["haven/policy/v1/policy.proto"],
    )
    _message(file, f"{name}SayRequest", text=STRING, patient_id=STRING, payload=BYTES)
    _message(file, f"{name}ChangeRequest", request_id=STRING, text=STRING)
    _message(file, f"{name}Response", text=STRING, subject=STRING)
    made = file.service.add(name=name)
    for method in methods:
        added = made.method.add(
            name=method.name,
            input_type=f".{package}.{name}{method.request}",
            output_type=f".{package}.{name}Response",
            client_streaming=method.takes_stream,
            server_streaming=method.gives_stream,
        )
        if method.roles or method.action:
            policy = added.options.Extensions[policy_pb2.method_policy]
            policy.roles.extend(method.roles)  # type: ignore[arg-type]
            policy.audit_action = method.action
            policy.patient_field = method.patient_field
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(f"{package}.{name}")


def _message(file: descriptor_pb2.FileDescriptorProto, name: str, **types: Any) -> None:
    made = file.message_type.add(name=name)
    for number, (field_name, kind) in enumerate(types.items(), start=1):
        made.field.add(
            name=field_name,
            number=number,
            type=kind,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        )


@cache
def echo_service() -> ServiceDescriptor:
    """What the public calls."""
    return service(PACKAGE, "EchoService", METHODS)


@cache
def peer_service() -> ServiceDescriptor:
    """What only other processes call."""
    methods = [
        Method("Tell", WORKLOADS, action="peer.tell"),
        Method("Misuse", WORKLOADS, action="peer.misuse"),
    ]
    return service(PACKAGE, "PeerService", methods)


def message(name: str, **values: Any) -> Message:
    """A message of the echo service: Say, Change or Response."""
    suffix = name if name == "Response" else f"{name}Request"
    return message_class(f"EchoService{suffix}")(**values)


def message_class(name: str) -> type[Message]:
    """The generated class."""
    echo_service(), peer_service()
    return GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@dataclass
class Echo:
    """The servicer. Tests set `act` to what the use case shall do, and read what it saw."""

    bridge: Bridge
    act: Callable[[Call, Any], str] = lambda _, request: str(request.text)
    calls: list[Call] = field(default_factory=list)
    peers: list[Actor] = field(default_factory=list)
    generators_closed: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    async def Say(self, request: Any, context: Any) -> Any:
        return await self.bridge.run(
            request, context, decode=lambda given: given, handle=self._handle, encode=_response
        )

    Change = Say

    async def Fail(self, request: Any, context: Any) -> Any:
        """A method that fails outside of the bridge."""
        return self._handle(self.bridge.call_of(context), request)

    async def Count(self, request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            for letter in request.text:
                if letter == "!":
                    self._handle(self.bridge.call_of(context), request)
                if letter == "~":
                    await asyncio.Event().wait()
                yield message("Response", text=letter)
        finally:
            self.generators_closed += 1

    async def Gather(self, requests: Any, context: Any) -> Any:  # noqa: ARG002
        texts = [request.text async for request in requests]
        return message("Response", text="".join(texts))

    async def Talk(self, requests: Any, context: Any) -> None:  # noqa: ARG002
        """Written with context.read and context.write, as live streams are."""
        while (request := await context.read()) is not grpc.aio.EOF:
            call = self.bridge.call_of(context)
            text = await self.bridge.in_executor(self.act, call, request)
            await context.write(message("Response", text=text, subject=call.actor.subject))

    async def Tell(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        self.peers.append(running().actor)
        return message_class("PeerServiceResponse")(
            text=request.text, subject=self.peers[-1].subject
        )

    async def Misuse(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """What no workload's method may do: ask for a tenant that nobody named."""
        self.calls.append(self.bridge.call_of(context))

    def block(self, _: Call, request: Any) -> str:
        """An act that runs until released."""
        self.started.set()
        assert self.released.wait(20)
        return str(request.text)

    def _handle(self, call: Call, request: Any) -> tuple[Call, str]:
        self.calls.append(call)
        return call, self.act(call, request)


def _response(result: tuple[Call, str]) -> Message:
    call, text = result
    return message("Response", text=text, subject=call.actor.subject)


def served(descriptor: ServiceDescriptor, servicer: object) -> Served:
    """A dynamic service as a server takes it."""

    def add(target: Any, server: grpc.aio.Server) -> None:
        handlers = {
            method.name: _handler(method, getattr(target, method.name))
            for method in descriptor.methods
        }
        generic = grpc.method_handlers_generic_handler(descriptor.full_name, handlers)
        server.add_generic_rpc_handlers((generic,))

    return Served(add, servicer, descriptor)


def _handler(method: Any, behavior: Any) -> Any:
    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make = kinds[method.client_streaming, method.server_streaming]
    return make(
        behavior,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )


class Client:
    """Calls the echo service as any stock client would."""

    def __init__(self, channel: grpc.aio.Channel, token: str = "") -> None:
        self._channel = channel
        self.metadata: tuple[tuple[str, str], ...] = ()
        if token:
            self.metadata = (("authorization", f"Bearer {token}"),)

    def unary(self, method: str = "Say", service: str = ECHO) -> Any:
        """A callable for the method."""
        return self._made(self._channel.unary_unary, method, service)

    def stream(self, method: str = "Talk") -> Any:
        """A callable for the bidirectional method."""
        return self._made(self._channel.stream_stream, method, ECHO)

    def answers(self, method: str = "Count") -> Any:
        """A callable for the method with many answers."""
        return self._made(self._channel.unary_stream, method, ECHO)

    def gathering(self, method: str = "Gather") -> Any:
        """A callable for the method with many requests."""
        return self._made(self._channel.stream_unary, method, ECHO)

    async def say(self, text: str = "hello", *, method: str = "Say", **values: Any) -> Any:
        """One call within 5 s."""
        request = message("Change" if method == "Change" else "Say", text=text, **values)
        return await self.unary(method)(request, metadata=self.metadata, timeout=5)

    def _made(self, make: Any, method: str, service: str) -> Any:
        return make(
            f"/{service}/{method}",
            request_serializer=lambda request: (
                request if isinstance(request, bytes) else request.SerializeToString()
            ),
            response_deserializer=message_class(f"{service.rpartition('.')[2]}Response").FromString,
        )
