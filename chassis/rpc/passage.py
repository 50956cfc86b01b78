"""One call from its arrival to its answer: time, trace, and what a failure becomes for the caller.

The same for whatever carries the call; how its transport tells a caller is for its `Line` to know.
"""

from __future__ import annotations

import time
from contextvars import Token
from types import TracebackType
from typing import Any, Protocol

import grpc
from grpc.aio import AbortError, ServicerContext
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from chassis.auth.policies import MethodPolicy
from chassis.errors import HavenError, Internal, Kind
from chassis.ids import new_id
from chassis.log import get_logger
from chassis.rpc.status import CODES, status_of, trailers_of
from chassis.telemetry import metrics, tracing

log = get_logger("rpc")
Context = ServicerContext[Any, Any]


class Line(Protocol):
    """The way back to one caller."""

    def is_late(self) -> bool:
        """True where the caller's own deadline has passed."""
        ...

    def is_lost(self) -> bool:
        """True where the caller left without a word and the call ended for want of one."""
        ...

    def chosen(self) -> str:
        """The code that a method ended the call with by itself."""
        ...

    async def refuse(self, error: HavenError) -> None:
        """Let the caller hear this and nothing after it."""
        ...


class GrpcLine:
    """The answer of a gRPC call, or the end of a stream."""

    __slots__ = ("_context", "_service")

    def __init__(self, context: Context, *, service: str) -> None:
        self._context, self._service = context, service

    def is_late(self) -> bool:
        """True where the caller's own deadline has passed."""
        return self._context.time_remaining() == 0

    def is_lost(self) -> bool:
        """Never: gRPC cancels the call of a caller who is gone."""
        return False

    def chosen(self) -> str:
        """The code that a method ended the call with by itself."""
        return _code_name(self._context.code())

    async def refuse(self, error: HavenError) -> None:
        """A google.rpc.Status; gRPC goes on by raising."""
        status = status_of(error, service=self._service)
        await self._context.abort(CODES[error.kind], status.message, trailers_of(status))


class Meter:
    """One method's metrics, looked up once."""

    def __init__(self, policy: MethodPolicy) -> None:
        labels = policy.service, policy.name
        metrics.expect_rpcs(policy.service, [policy.name])
        self.duration = metrics.rpc_duration.labels(*labels)
        self._requests = {
            code: metrics.rpc_requests.labels(*labels, code) for code in metrics.CODES
        }
        self._other = self._requests["INTERNAL"]

    def count(self, code: str) -> None:
        """One finished RPC."""
        self._requests.get(code, self._other).inc()


class Passage:
    """Wraps the handling of one call: `async with Passage(...)`; every failure ends here, told.

    This is the one place in an api where an unknown exception ends: as INTERNAL with an error id
    that the log line shares, and nothing else.
    """

    __slots__ = ("_line", "_meter", "_policy", "_span", "_started", "_token")

    def __init__(self, line: Line, policy: MethodPolicy, meter: Meter, *, traceparent: str) -> None:
        self._line, self._policy, self._meter = line, policy, meter
        self._started = time.perf_counter()
        parent = tracing.parent_context(traceparent) if traceparent else None
        self._span = tracing.start_span(policy.method[1:], parent, SpanKind.SERVER)
        self._token: Token[Any] | None = None

    async def __aenter__(self) -> None:
        self._token = otel_context.attach(trace.set_span_in_context(self._span))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> bool:
        if error is None:
            self._finish("CANCELLED" if self._line.is_lost() else "OK")
        elif isinstance(error, AbortError):  # a method chose its own status
            self._finish(self._line.chosen())
        elif isinstance(error, Exception):
            await self._refuse(self._told(error))
            return True  # where the transport did not raise: there is nothing else to tell
        else:  # cancelled: the caller left, its deadline passed, or the process is going down
            self._finish("DEADLINE_EXCEEDED" if self._line.is_late() else "CANCELLED")
        return False

    def _told(self, error: Exception) -> HavenError:
        """What the caller may hear of it."""
        if isinstance(error, HavenError):
            if error.kind is Kind.INTERNAL:
                log.error("rpc.failed", method=self._policy.method, exc_info=error)
            return error
        error_id = new_id()
        log.error("rpc.failed", method=self._policy.method, error_id=error_id, exc_info=error)
        return Internal("INTERNAL", "an internal error", metadata={"error_id": error_id})

    async def _refuse(self, error: HavenError) -> None:
        self._span.set_status(StatusCode.ERROR)
        self._finish(CODES[error.kind].name, reason=error.reason)
        await self._line.refuse(error)

    def _finish(self, code: str, *, reason: str = "") -> None:
        self._meter.count(code)
        self._meter.duration.observe(time.perf_counter() - self._started)
        if self._span.is_recording():
            self._span.set_attribute("haven.code", code)
            if reason:
                self._span.set_attribute("haven.reason", reason)
        self._span.end()
        if self._token is not None:
            otel_context.detach(self._token)


def _code_name(code: Any) -> str:
    """The context holds a StatusCode or its number."""
    if isinstance(code, grpc.StatusCode):
        return code.name
    return next((each.name for each in grpc.StatusCode if each.value[0] == code), "UNKNOWN")
