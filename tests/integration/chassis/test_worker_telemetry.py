"""Logs, metrics and traces as a worker has them: under eventlet, without grpc."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WORKER = """
import eventlet; eventlet.monkey_patch()
import sys, http.client
from chassis import log
from chassis.telemetry import metrics, tracing

log.configure("crisis", "worker")
tracing.configure("crisis", "worker", "file:" + sys.argv[1])
endpoint = metrics.serve("127.0.0.1:0", lambda: True)

def work(number):
    parent = f"00-{number + 1:032x}-{number + 1:016x}-01"
    with tracing.continued(parent, "on-case-opened", queue="crisis.on-case-opened"):
        eventlet.sleep(0.001)
        assert tracing.current_traceparent()[3:35] == f"{number + 1:032x}"

list(eventlet.GreenPool(20).imap(work, range(100)))

def get(path):
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().read().decode()

pages = list(eventlet.GreenPool(4).imap(get, ["/livez", "/readyz", "/metrics"]))
assert pages[:2] == ["ok\\n", "ok\\n"] and "haven_build_info" in pages[2]
log.get_logger("worker").info("served", count=3)
tracing.flush()
endpoint.close()
assert "grpc" not in sys.modules
print("worked")
"""


def test_a_worker_logs_counts_and_traces(tmp_path: Path) -> None:
    spans = tmp_path / "spans"
    arguments = [sys.executable, "-W", "ignore", "-c", WORKER, str(spans)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "worked\n", done.stderr
    lines = [json.loads(line) for line in spans.read_text().splitlines()]
    assert len(lines) == len({line["trace_id"] for line in lines}) == 100
    assert {line["process"] for line in lines} == {"worker"}
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "served"
