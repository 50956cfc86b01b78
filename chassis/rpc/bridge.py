"""From an RPC on the event loop to the sync core on a thread, and back.

    async def AcknowledgeCase(self, request, context):
        return await self._bridge.run(
            request, context, decode=codec.acknowledge_case,
            handle=self._crisis.cases.acknowledge, encode=codec.acknowledge_case_response)

Reading the message, the use case and writing the answer all run on the thread; the loop only
waits. A mutation's `request_id` becomes its once-key, and a repeat gets the first answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from google.protobuf.message import Message
from grpc.aio import ServicerContext

from chassis.call import Actor, Call, RequestOnce
from chassis.crypto import fingerprint
from chassis.deadline import Deadline
from chassis.errors import InvalidArgument, Violation
from chassis.ids import is_uuid
from chassis.rpc.executor import BoundedExecutor, Urgency
from chassis.rpc.frame import Frame, running
from chassis.store import AlreadyAnswered

DEFAULT_SECONDS = 10.0  # for a caller that names no deadline, and for each call inside a stream

Command = TypeVar("Command")
Result = TypeVar("Result")
Response = TypeVar("Response", bound=Message)
Context = ServicerContext[Any, Any]


class Bridge:
    """Runs use cases for RPCs."""

    def __init__(self, executor: BoundedExecutor) -> None:
        self._executor = executor

    async def run(
        self,
        request: Message,
        context: Context,  # noqa: ARG002  # every method has it; what it knows is in the frame
        *,
        decode: Callable[[Any], Command],
        handle: Callable[[Call, Command], Result],
        encode: Callable[[Result], Response],
        urgency: Urgency = Urgency.HIGHEST,
    ) -> Response:
        """Answer the request by one use case; errors leave as chassis.errors kinds.

        `urgency` tells urgent calls apart; it makes none of the others urgent.
        """
        frame = running()
        answer = functools.partial(
            _answered, frame, request, decode=decode, handle=handle, encode=encode
        )
        line = urgency if frame.policy.is_urgent else Urgency.ORDINARY
        return cast(Response, await self._executor.run(answer, urgency=line))

    def call_of(self, context: Context | None = None) -> Call:  # noqa: ARG002
        """The frame of a use case inside a natively async method; in a stream each has its own
        deadline. Workloads have none: their messages name the tenant."""
        return _call(running(), None)

    def caller_of(self, context: Context) -> Actor:  # noqa: ARG002
        """Who asks, as the gate knows them."""
        return running().actor

    def deadline_of(self, context: Context) -> Deadline:  # noqa: ARG002
        """Until when the caller waits."""
        return _deadline(running())

    def expire_time_of(self, context: Context) -> float:  # noqa: ARG002
        """Until when the caller's credential holds, in seconds since the epoch; a stream that shows
        what only the credential allows ends by then."""
        return running().expire_time

    async def urgently(self, fn: Callable[..., Result], *args: Any) -> Result:
        """The same, before all others."""
        return await self._executor.run(fn, *args, urgency=Urgency.HIGHEST)

    async def in_executor(self, fn: Callable[..., Result], *args: Any) -> Result:
        """Run a blocking function on a thread, in the same trace."""
        return await self._executor.run(fn, *args)


def _answered(
    frame: Frame,
    request: Message,
    *,
    decode: Callable[[Any], Command],
    handle: Callable[[Call, Command], Result],
    encode: Callable[[Result], Response],
) -> Message:
    call = _call(frame, _once(frame, request, encode))
    call.deadline.check()  # it may have waited for this thread
    command = decode(request)
    try:
        return encode(handle(call, command))
    except AlreadyAnswered as repeated:
        return frame.policy.response.FromString(repeated.answer)


def _call(frame: Frame, once: RequestOnce | None) -> Call:
    if not frame.tenant_id:
        raise AssertionError("a call without a tenant would read and write nobody's documents")
    return Call(
        tenant_id=frame.tenant_id,
        actor=frame.actor,
        action=frame.policy.audit_action,
        once=once,
        deadline=_deadline(frame),
        company=frame.policy.method if frame.policy.is_urgent else "",
    )


def _deadline(frame: Frame) -> Deadline:
    return frame.deadline or Deadline.after(DEFAULT_SECONDS)


def _once(frame: Frame, request: Message, encode: Callable[[Any], Message]) -> RequestOnce | None:
    if not frame.policy.is_mutation:
        return None
    request_id = cast(Any, request).request_id
    if not is_uuid(request_id):
        reason = "MALFORMED" if request_id else "REQUIRED"
        fault = Violation("request_id", reason, "must be a UUID, new for each change")
        raise InvalidArgument("FIELDS_INVALID", "fields at fault: request_id", violations=[fault])
    # The caller is part of the body's print: nobody gets the answer to another one's request.
    body = request.SerializeToString(deterministic=True)
    return RequestOnce(
        request_id=request_id.lower(),
        method=frame.policy.method,
        fingerprint=fingerprint(frame.actor.subject.encode() + b"\x00" + body),
        encode=lambda result: encode(result).SerializeToString(),
    )
