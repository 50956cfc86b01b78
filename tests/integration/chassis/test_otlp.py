"""Spans sent to a collector."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chassis.telemetry import tracing

PLANTED = "ana.petrova@example.test"


class Collector:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                outer.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Tests read `requests` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    tracing.configure("test", "test")
    made.close()


def fails() -> None:
    with tracing.span("outer", queue="crisis.on-case-opened", reason=PLANTED):
        raise ValueError(PLANTED)


def test_a_collector_hears_names_and_codes_and_nothing_planted(collector: Collector) -> None:
    tracing.configure("crisis", "relay", collector.uri)
    with pytest.raises(ValueError, match="ana"):
        fails()
    tracing.flush()
    (request,) = collector.requests
    (resource,) = request.resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.name == "outer"
    assert {each.key: each.value.string_value for each in span.attributes} == {
        "haven.queue": "crisis.on-case-opened"
    }
    assert {each.key: each.value.string_value for each in resource.resource.attributes} == {
        "service.name": "crisis",
        "haven.process": "relay",
    }
    assert PLANTED.encode() not in request.SerializeToString()
