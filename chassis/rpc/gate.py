"""The one interceptor before every method: who, may they, until when, and what it came to.

It is a single pass because every RPC pays for it. Health and reflection pass by: they say nothing
about anyone. A stream that something else than gRPC carries comes through the same gate: `carry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from inspect import isasyncgenfunction
from typing import Any, Protocol, cast

import grpc
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServerInterceptor, ServicerContext

from chassis.auth.policies import MethodPolicies, MethodPolicy
from chassis.deadline import Deadline
from chassis.errors import DeadlineExceeded, HavenError, InvalidArgument, ResourceExhausted
from chassis.rpc.bridge import DEFAULT_SECONDS
from chassis.rpc.doors import Door, Peer
from chassis.rpc.frame import Frame, enter
from chassis.rpc.passage import GrpcLine, Line, Meter, Passage

LONGEST_SECONDS = 30.0  # nobody waits longer for one answer
RESERVE_SECONDS = 0.02  # kept back so that our answer arrives before the caller gives up
LARGEST_MESSAGE = 1 << 20
OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")

Context = ServicerContext[Any, Any]
# The stubs describe sync methods only; here they are coroutines and async generators.
Handler = Any


class Carrier(Line, Peer, Protocol):
    """A caller who is connected by something else than gRPC."""


class Gate(ServerInterceptor):
    """Lets admitted callers through to the methods of one server."""

    def __init__(self, *, service: str, policies: MethodPolicies, door: Door) -> None:
        self._service, self._policies, self._door = service, policies, door
        self._wrapped: dict[str, Handler] = {}
        self._meters = {policy.method: Meter(policy) for policy in policies}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The method's handler behind the gate; made at its first call."""
        method = handler_call_details.method
        if (known := self._wrapped.get(method)) is not None:
            return known
        handler = await continuation(handler_call_details)
        policy = self._policies.of(method)
        if handler is None or method.startswith(OPEN_SERVICES):
            return handler
        if policy is None:
            # Served without a policy cannot happen after a checked start; deny by default anyway.
            raise AssertionError(f"{method} has no policy")
        self._wrapped[method] = wrapped = self._wrap(handler, policy)
        return wrapped

    async def carry(
        self,
        method: str,
        serve: Callable[[], Awaitable[None]],
        *,
        caller: Carrier,
        metadata: Mapping[str, str],
    ) -> None:
        """Serve a stream that no gRPC carries: same rules, same metrics. Returns when the caller
        has been told how it ended; `metadata` is what a gRPC caller would have sent."""
        policy = self._policies.of(method)
        if policy is None:
            raise AssertionError(f"{method} has no policy")
        async with self._passage(caller, policy, metadata):
            await self._admit(None, caller, policy, metadata)
            await serve()

    def _wrap(self, handler: Handler, policy: MethodPolicy) -> Handler:
        shape = {
            "request_deserializer": bounded(
                handler.request_deserializer, raises=handler.request_streaming
            ),
            "response_serializer": handler.response_serializer,
        }
        if handler.request_streaming and handler.response_streaming:
            shape["response_serializer"] = encoded(handler.response_serializer)
            stream = self._streaming(handler.stream_stream, policy)
            return grpc.stream_stream_rpc_method_handler(stream, **shape)
        if handler.request_streaming:
            answer = self._answering(handler.stream_unary, policy)
            return grpc.stream_unary_rpc_method_handler(answer, **shape)
        if handler.response_streaming:
            stream = self._streaming(handler.unary_stream, policy)
            return grpc.unary_stream_rpc_method_handler(stream, **shape)
        answer = self._answering(handler.unary_unary, policy)
        return grpc.unary_unary_rpc_method_handler(answer, **shape)

    def _answering(self, inner: Callable[..., Awaitable[Any]], policy: MethodPolicy) -> Any:
        """A method with one answer, bounded in time."""

        async def answer(request: Any, context: Context) -> Any:
            metadata = _metadata(context)
            async with self._passage(self._line(context), policy, metadata):
                deadline = None if policy.is_stream else _deadline(context)
                frame = await self._admit(request, context, policy, metadata, deadline)
                if frame.deadline is None or _ends_by_itself(context):
                    return await inner(request, context)
                return await _within(frame.deadline, inner(request, context))

        return answer

    def _streaming(self, inner: Callable[..., Any], policy: MethodPolicy) -> Any:
        """A method with many answers; it lasts as long as both sides want."""
        generates = isasyncgenfunction(inner)

        async def stream(request: Any, context: Context) -> None:
            metadata = _metadata(context)
            async with self._passage(self._line(context), policy, metadata):
                await self._admit(request, context, policy, metadata)
                if not generates:
                    await inner(request, context)
                    return
                async with aclosing(inner(request, context)) as answers:
                    async for message in answers:
                        await context.write(message)

        return stream

    def _line(self, context: Context) -> GrpcLine:
        return GrpcLine(context, service=self._service)

    def _passage(self, line: Line, policy: MethodPolicy, metadata: Mapping[str, str]) -> Passage:
        parent = metadata.get("traceparent", "")
        return Passage(line, policy, self._meters[policy.method], traceparent=parent)

    async def _admit(
        self,
        request: Any,
        peer: Peer,
        policy: MethodPolicy,
        metadata: Mapping[str, str],
        deadline: Deadline | None = None,
    ) -> Frame:
        """Everything that must hold before a method runs; its frame is the task's from here on."""
        identity = await self._door.identify(metadata, peer)
        actor = policy.granted(identity.actor)
        if isinstance(request, HavenError):
            raise request
        if isinstance(request, Message):
            policy.require_own(actor, request)
        frame = Frame(policy, identity.tenant_id, actor, deadline, identity.expire_time)
        enter(frame)
        return frame


def _ends_by_itself(context: Context) -> bool:
    """True where gRPC cancels the call at the caller's own deadline, soon enough for us."""
    remaining = context.time_remaining()
    return remaining is not None and remaining <= LONGEST_SECONDS


async def _within(deadline: Deadline, answer: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(deadline.remaining()) as limit:
            return await answer
    except TimeoutError:
        if not limit.expired():
            raise
        text = "the call took longer than allowed"
        raise DeadlineExceeded("DEADLINE_EXCEEDED", text) from None


def _metadata(context: Context) -> dict[str, str]:
    return dict(cast(Any, context.invocation_metadata()) or ())


def _deadline(context: Context) -> Deadline:
    remaining = context.time_remaining()
    if remaining is None:
        return Deadline.after(DEFAULT_SECONDS)
    if remaining <= RESERVE_SECONDS:
        raise DeadlineExceeded("DEADLINE_TOO_SHORT", "too little time is left to begin")
    return Deadline.after(min(remaining, LONGEST_SECONDS) - RESERVE_SECONDS)


def encoded(serialize: Callable[[Any], bytes] | None) -> Callable[[Any], bytes]:
    """A writer that leaves bytes as they are: who has many readers encodes a message once."""
    assert serialize is not None

    def write(message: Any) -> bytes:
        return message if type(message) is bytes else serialize(message)

    return write


def bounded(parse: Callable[[bytes], Any] | None, *, raises: bool) -> Callable[[bytes], Any]:
    """A reader that refuses with our own reasons. In a stream it raises to whoever reads next;
    a single request is handed on as its refusal, because nobody else is there to hear it."""
    assert parse is not None

    def read(body: bytes) -> Any:
        try:
            if len(body) <= LARGEST_MESSAGE:
                return parse(body)
            refusal: HavenError = ResourceExhausted(
                "MESSAGE_TOO_LARGE", f"a message may have at most {LARGEST_MESSAGE} bytes"
            )
        except DecodeError:
            refusal = InvalidArgument("MESSAGE_UNDECODABLE", "not a message of the method's type")
        if raises:
            raise refusal
        return refusal

    return read
