from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.telemetry import tracing
from tests.waiting import eventually

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(tmp_path: Path) -> Iterator[Any]:
    """Spans go to a file; gives a reader of it."""
    path = tmp_path / "spans"
    tracing.configure("crisis", "api", f"file:{path}")

    def read() -> list[dict[str, Any]]:
        tracing.flush()
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield read
    tracing.configure("test", "test")


def test_a_span_is_one_line_with_its_place_in_the_trace(spans: Any) -> None:
    with tracing.continued(PARENT, "Deliver", type="haven.intake.v1.RiskRaised"):
        inside = tracing.current_traceparent()
    (line,) = spans()
    assert inside == f"00-{line['trace_id']}-{line['span_id']}-01"
    assert line["trace_id"] == PARENT[3:35]
    assert line["parent_id"] == PARENT[36:52]
    assert (line["name"], line["service"], line["process"]) == ("Deliver", "crisis", "api")
    assert line["attributes"] == {"type": "haven.intake.v1.RiskRaised"}
    assert line["start"] <= line["end"]


def test_spans_nest(spans: Any) -> None:
    with tracing.span("outer"), tracing.span("inner"):
        pass
    inner, outer = spans()
    assert inner["parent_id"] == outer["span_id"]
    assert inner["trace_id"] == outer["trace_id"]


@pytest.mark.parametrize(
    "odd", ["", "nonsense", PARENT[:-1], PARENT.upper(), "00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
)
def test_without_a_usable_parent_a_new_trace_begins(spans: Any, odd: str) -> None:
    with tracing.span("outer"), tracing.continued(odd, "Deliver"):
        pass
    deliver, outer = spans()
    assert deliver["parent_id"] == ""
    assert deliver["trace_id"] != outer["trace_id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patient_id", "p1"),
        ("reason", "I want to end it!"),
        ("reason", "ana@example.test"),
        ("reason", "2025550123"),
        ("type", "7c1f7a52-0b0c-4a53-9d5b-0f6f4f2f8a01"),
        ("queue", "x" * 200),
    ],
)
def test_an_attribute_that_may_identify_is_dropped(spans: Any, name: str, value: str) -> None:
    with tracing.span("outer", **{name: value}):
        pass
    assert spans()[0]["attributes"] == {}


def test_an_error_s_text_is_not_recorded(spans: Any) -> None:
    def fails() -> None:
        with tracing.span("outer"):
            raise ValueError("ana@example.test")

    with pytest.raises(ValueError, match="ana"):
        fails()
    (line,) = spans()
    assert line["status"] == "error"
    assert "ana" not in json.dumps(line)


def test_spans_of_several_threads_never_share_a_line(spans: Any) -> None:
    def work() -> None:
        for _ in range(50):
            with tracing.span("outer"):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spans()) == 200


def test_a_span_reaches_its_reader_without_being_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "spans"
    tracing.configure("crisis", "api", f"file:{path}")
    with tracing.span("outer"):
        pass
    eventually(lambda: path.read_text().endswith("\n"), within=5)
    tracing.configure("test", "test")


def test_what_ended_last_is_written_before_the_process_ends(tmp_path: Path) -> None:
    path = tmp_path / "spans"
    tracing.configure("crisis", "api", f"file:{path}")
    with tracing.span("outer"):
        pass
    tracing.configure("test", "test")
    assert path.read_text().count("\n") == 1


def test_without_an_exporter_nothing_is_recorded() -> None:
    tracing.configure("crisis", "api", "none")
    with tracing.span("outer") as span:
        assert not span.is_recording()


def test_without_an_exporter_another_process_s_trace_goes_on() -> None:
    tracing.configure("crisis", "api", "none")
    with tracing.continued(PARENT, "Deliver"):
        onward = tracing.current_traceparent()
    assert onward.startswith(PARENT[:36])
    assert onward.endswith("-01")


def test_outside_of_a_span_there_is_no_traceparent() -> None:
    assert tracing.current_traceparent() == ""
