"""Spans as JSON lines in a file: one line per span, appended, so that processes may share it.

A line is made where its span ends. The SDK's batch processor would make hundreds at once on a
thread of its own, and every call would wait for the interpreter meanwhile.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

PREFIX = "haven."
NANOSECONDS = 1_000_000_000
FLUSH_SECONDS = 0.2  # a reader of the file waits this long at most
MOST_LINES = 50_000  # where the disk does not keep up, the oldest spans are lost, not the process

logger = logging.getLogger(__name__)


class FileSpans(SpanProcessor):
    """Appends what has ended with one write, so that lines of several processes never mix."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._writing = threading.Lock()
        self._has_lines = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="spans", daemon=True)
        self._thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span's line until the next write."""
        self._lines.append(line_of(span))
        self._has_lines.set()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  # the SDK's own
        """Write what has ended; False where the file does not take it."""
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            try:
                _write(self._file, "".join(lines).encode())
            except OSError:
                logger.exception("spans are lost")
                return False
        return True

    def shutdown(self) -> None:
        """Write the rest and close the file."""
        self._ending.set()
        self._has_lines.set()
        self._thread.join()
        self.force_flush()
        os.close(self._file)

    def _write_on(self) -> None:
        """A write for all that ends within a moment; none, and no waking up, where nothing does."""
        while self._has_lines.wait() and not self._ending.wait(FLUSH_SECONDS):
            self._has_lines.clear()
            self.force_flush()


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def line_of(span: ReadableSpan) -> str:
    """The span's published form: ids of the trace, names, instants and allowed attributes."""
    context, parent, resource = span.get_span_context(), span.parent, span.resource.attributes
    assert context is not None
    attributes = span.attributes or {}
    published = {
        name.removeprefix(PREFIX): value
        for name, value in attributes.items()
        if name.startswith(PREFIX)
    }
    named = json.dumps(
        {
            "name": span.name,
            "service": resource.get("service.name", ""),
            "process": resource.get("haven.process", ""),
            "attributes": published,
        }
    )
    # The rest is hexadecimal, digits and words of our own: written as it is, in half the time.
    return (
        f'{{"trace_id": "{context.trace_id:032x}", "span_id": "{context.span_id:016x}", '
        f'"parent_id": "{f"{parent.span_id:016x}" if parent else ""}", '
        f'"kind": "{span.kind.name.lower()}", "status": "{span.status.status_code.name.lower()}", '
        f'"start": "{_instant(span.start_time)}", "end": "{_instant(span.end_time)}", {named[1:]}\n'
    )


def _instant(nanoseconds: int | None) -> str:
    seconds, rest = divmod(nanoseconds or 0, NANOSECONDS)
    return f"{_second(seconds)}.{rest:09d}Z"


@lru_cache(maxsize=8)  # spans of one batch meet in the same seconds
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
