"""Logs: one JSON line per event, made of an event name and allow-listed codes.

Whatever is not on the list is dropped and counted, whoever logs it. Exceptions appear as their
type, their reason and the lines of code they passed, never as their text. Libraries' own records
appear as logger, level and place in the code: their messages may quote a body or a query.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

from chassis.telemetry.metrics import log_fields_dropped

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "service", "process", "origin", "trace_id",
        "address", "attempt", "class", "code", "collection", "consumer", "count", "environment",
        "error", "error_id", "exchange", "index", "job", "kind", "lag_seconds", "method",
        "outcome", "port", "queue", "reason", "seconds", "signal", "state", "tenant_id", "type",
        "version", "where",
    }
)  # fmt: skip
# Codes, names, addresses of our own servers. What is shaped otherwise, has blanks, an @ or as many
# digits as a telephone number may be somebody's.
CODE = re.compile(r"(?!.*[0-9]{7})[A-Za-z0-9_.,:/<>\[\]-]{0,400}")
IDS = frozenset({"error_id", "tenant_id", "timestamp", "trace_id"})
ID = re.compile(r"[A-Za-z0-9:.-]{1,64}")
FRAMES = 6  # of a traceback, innermost last
ROOT = Path(__file__).resolve().parent.parent

_context: dict[str, str] = {}


def configure(service: str, process: str, *, stream: TextIO | None = None) -> None:
    """Log as this process from now on; also takes over the libraries' loggers, from WARNING."""
    _context.update(service=service, process=process)
    target = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _published,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # it would print a record's arguments


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger; its first argument is the event's name, the rest are allow-listed fields."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(origin=name)
    return logger


def failure(error: BaseException) -> dict[str, str]:
    """The fields that may be told of an exception: type, reason, place."""
    fields = {"error": type(error).__name__, "where": _where(error.__traceback__)}
    if isinstance(reason := getattr(error, "reason", None), str):
        fields["reason"] = reason
    return fields


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return ">".join(f"{_relative(frame.filename)}:{frame.lineno}" for frame in frames)


def _relative(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-2:]))


def _published(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep what may be published; count the rest."""
    error = fields.pop("exc_info", None)
    if error is True:  # logger.exception
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        fields.update(failure(error))
    kept = {name: value for name, value in fields.items() if _may_appear(name, value)}
    if len(kept) < len(fields):
        log_fields_dropped.inc(len(fields) - len(kept))
    return {**kept, **_context}


def _may_appear(name: str, value: Any) -> bool:
    if name not in ALLOWED:
        return False
    shape = ID if name in IDS else CODE
    return isinstance(value, int | float) or (
        isinstance(value, str) and shape.fullmatch(value) is not None
    )


class _LibraryHandler(logging.Handler):
    """Turns a library's record into a line without its message."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {
            "origin": record.name,
            "where": f"{Path(record.pathname).name}:{record.lineno}",
        }
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            fields |= failure(record.exc_info[1])
        structlog.get_logger().log(record.levelno, "library", **fields)


def names(fields: Iterable[str]) -> str:
    """Several codes as one field."""
    return ",".join(sorted(fields))
