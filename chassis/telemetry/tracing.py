"""One trace through gRPC, the outbox and the broker; W3C trace context between processes.

Spans carry codes and names only. Attributes outside the allow-list are dropped, exceptions are
not recorded: their texts are not ours to publish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
)

from chassis.telemetry.spans import FileSpans

COLLECT_MILLIS = 1000  # between two requests to a collector
ALLOWED = frozenset(
    {"attempt", "class", "code", "collection", "consumer", "job", "kind", "method", "outcome",
     "process", "queue", "reason", "repeated", "type"}
)  # fmt: skip
# Codes and names; an id has more digits than any of them.
CODE = re.compile(r"(?!.*[0-9]{7})(?!.*[0-9a-f]{8}-[0-9a-f]{4}-)[A-Za-z0-9_./ :-]{0,120}")
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")

_provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
_tracer: Tracer = _provider.get_tracer("haven")


def configure(service: str, process: str, export: str = "none") -> None:
    """Send this process's spans to `none`, `file:<path>` or an OTLP/HTTP URL from now on."""
    global _provider, _tracer  # noqa: PLW0603  # one per process, like a logger
    _provider.shutdown()
    processor = processor_of(export)
    resource = Resource({"service.name": service, "haven.process": process})
    # A process that exports nothing still passes on what others began to record.
    sampler = ParentBased(ALWAYS_OFF if processor is None else ALWAYS_ON)
    _provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=True)
    if processor is not None:
        _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("haven")


def processor_of(export: str) -> SpanProcessor | None:
    """What becomes of ended spans by a HAVEN_TRACE_EXPORT value."""
    if export == "none":
        return None
    if export.startswith("file:"):
        return FileSpans(export.removeprefix("file:"))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # costs 8 MiB
        OTLPSpanExporter,
    )

    exporter = OTLPSpanExporter(endpoint=export)
    return BatchSpanProcessor(exporter, schedule_delay_millis=COLLECT_MILLIS)


def tracer() -> Tracer:
    """The tracer of this process. Prefer `span` and `continued`, which keep the allow-list."""
    return _tracer


def flush() -> None:
    """Hand over all finished spans now."""
    _provider.force_flush()


def current_traceparent() -> str:
    """The W3C traceparent of the running span; empty outside of any."""
    return traceparent_of(trace.get_current_span().get_span_context())


def traceparent_of(span: SpanContext) -> str:
    """The W3C form of a span's context."""
    if not span.is_valid:
        return ""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def parent_context(traceparent: str) -> Context | None:
    """The context that a W3C traceparent continues; None where there is nothing to continue."""
    match = TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return None
    flags = TraceFlags(int(match[3], 16))
    parent = SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def start_span(name: str, parent: Context | None, kind: SpanKind = SpanKind.INTERNAL) -> Span:
    """A span to be ended by the caller; for code that cannot use a `with`."""
    return _tracer.start_span(name, parent, kind)


@contextmanager
def continued(
    traceparent: str, name: str, *, kind: SpanKind = SpanKind.CONSUMER, **attributes: str | int
) -> Iterator[Span]:
    """A span that continues another process's trace, or starts one where there is none."""
    with _running(name, parent_context(traceparent) or Context(), kind, attributes) as opened:
        yield opened


@contextmanager
def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
) -> Iterator[Span]:
    """A span under the running one."""
    with _running(name, None, kind, attributes) as opened:
        yield opened


@contextmanager
def _running(
    name: str, parent: Context | None, kind: SpanKind, attributes: Mapping[str, str | int]
) -> Iterator[Span]:
    opened = _tracer.start_span(name, parent, kind)
    annotate(opened, attributes)
    token = otel_context.attach(trace.set_span_in_context(opened, parent))
    try:
        yield opened
    except BaseException:  # a cancelled stream is an unfinished span, too; it goes on its way
        opened.set_status(StatusCode.ERROR)
        raise
    finally:
        otel_context.detach(token)
        opened.end()


def annotate(opened: Span, attributes: Mapping[str, str | int]) -> None:
    """Set the attributes that may be published; others are dropped."""
    for name, value in attributes.items():
        if name in ALLOWED and (isinstance(value, int) or CODE.fullmatch(value)):
            opened.set_attribute(f"haven.{name}", value)
