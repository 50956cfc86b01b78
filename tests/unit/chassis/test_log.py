from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis import log
from chassis.errors import NotFound

# What must never come out, however it goes in.
PLANTED = (
    "ana.petrova@example.test",
    "+1 202 555 0123",
    "2025550123",
    "Ana Petrova",
    "I want to end it",
    "1984-03-07; F32.2",
)


@pytest.fixture
def lines() -> Iterator[Any]:
    """Logging as a process does it, into memory; gives a reader of the lines."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("crisis", "api", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], logging.raiseExceptions = handlers, True
    root.setLevel(level)


def dropped() -> float:
    return REGISTRY.get_sample_value("haven_log_fields_dropped_total") or 0.0


def test_a_line_says_what_where_and_when(lines: Any) -> None:
    log.get_logger("rpc").info("rpc.failed", method="/a.B/C", reason="NOT_FOUND", count=3)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "rpc.failed",
        "level": "info",
        "origin": "rpc",
        "service": "crisis",
        "process": "api",
        "method": "/a.B/C",
        "reason": "NOT_FOUND",
        "count": 3,
    }


def test_a_logger_made_before_configure_follows_it() -> None:
    early = log.get_logger("early")
    stream = io.StringIO()
    log.configure("crisis", "api", stream=stream)
    early.info("hello")
    assert "hello" in stream.getvalue()


def test_a_field_off_the_list_is_dropped_and_counted(lines: Any) -> None:
    before = dropped()
    log.get_logger("x").info("hello", patient_name="ana", count=1)
    assert "patient_name" not in lines()[0]
    assert dropped() == before + 1


@pytest.mark.parametrize("planted", PLANTED)
def test_words_and_contacts_never_pass_as_a_field(lines: Any, planted: str) -> None:
    log.get_logger(planted).info(planted, reason=planted, type=planted, address=planted)
    assert planted not in json.dumps(lines())


@pytest.mark.parametrize("planted", PLANTED)
def test_an_exception_s_text_is_never_written(lines: Any, planted: str) -> None:
    def fails() -> None:
        raise ValueError(planted)

    try:
        fails()
    except ValueError as error:
        log.get_logger("x").error("broken", exc_info=error)
        log.get_logger("x").exception("broken")
        log.get_logger("x").error("broken", **log.failure(error))
    assert planted not in json.dumps(lines())
    assert all(line["error"] == "ValueError" for line in lines())
    assert all("test_log.py:" in line["where"] for line in lines())


def test_a_haven_error_is_told_by_its_reason(lines: Any) -> None:
    log.get_logger("x").error("refused", **log.failure(NotFound("NOT_FOUND", "no such case")))
    assert lines()[0]["reason"] == "NOT_FOUND"
    assert "no such case" not in json.dumps(lines())


@pytest.mark.parametrize("planted", PLANTED)
def test_a_library_s_message_is_never_written(lines: Any, planted: str) -> None:
    library = logging.getLogger("kombu.connection")
    library.warning("body: %r", planted)
    library.error(planted, exc_info=(ValueError, ValueError(planted), None))
    assert planted not in json.dumps(lines())
    assert [line["origin"] for line in lines()] == ["kombu.connection"] * 2
    assert lines()[1]["error"] == "ValueError"


def test_libraries_are_heard_from_warning_on(lines: Any) -> None:
    logging.getLogger("pymongo.command").info("find")
    logging.getLogger("pymongo.command").debug("find")
    assert lines() == []


def test_a_record_that_cannot_be_formatted_is_still_a_line(lines: Any) -> None:
    logging.getLogger("odd").warning("%d", "planted")
    assert lines()[0]["origin"] == "odd"
