"""From a request message to checked values, once, with every field at fault in one answer.

    fields = Fields(request)
    command = Reschedule(fields.identifier("session_id"), fields.timestamp("start_time"))
    fields.done()          # raises InvalidArgument("FIELDS_INVALID") naming each field
    return command

A reading at fault returns a placeholder that `done` keeps anyone from using.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from chassis.errors import InvalidArgument, Violation

M = TypeVar("M")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
EPOCH = datetime.fromtimestamp(0, UTC)
# Instants outside are mistakes of unit or of era, and overflow what is computed from them.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=3660)
REQUIRED, TOO_LONG, UNSPECIFIED = "REQUIRED", "TOO_LONG", "UNSPECIFIED"
OUT_OF_RANGE, MALFORMED, UNKNOWN = "OUT_OF_RANGE", "MALFORMED", "UNKNOWN"


class Fields:
    """A cursor over one message that collects violations instead of stopping at the first."""

    def __init__(
        self, message: Any, *, path: str = "", violations: list[Violation] | None = None
    ) -> None:
        self._message, self._path = message, path
        self._violations = [] if violations is None else violations

    def fault(self, field: str, reason: str, description: str) -> None:
        """Name a field at fault; the description never holds its value."""
        self._violations.append(Violation(self._path + field, reason, description))

    def done(self) -> None:
        """Raise InvalidArgument with all violations, if there are any."""
        if self._violations:
            names = ", ".join(dict.fromkeys(each.field for each in self._violations))
            raise InvalidArgument(
                "FIELDS_INVALID", f"fields at fault: {names}", violations=self._violations
            )

    def has(self, name: str) -> bool:
        """True where a message or an optional field is present."""
        return bool(self._message.HasField(name))

    def nested(self, name: str, *, required: bool = True) -> Fields:
        """The cursor over a sub-message; its faults are reported here, under its path."""
        if required and not self._message.HasField(name):
            self.fault(name, REQUIRED, "is required")
        inner = getattr(self._message, name)
        return Fields(inner, path=f"{self._path}{name}.", violations=self._violations)

    def each(self, name: str, *, low: int = 0, high: int = 1000) -> Iterator[Fields]:
        """A cursor for each element of a repeated message field."""
        items = getattr(self._message, name)
        if not low <= len(items) <= high:
            self.fault(name, *_count(low, high, len(items)))
        for index, item in enumerate(items[:high]):
            path = f"{self._path}{name}[{index}]."
            yield Fields(item, path=path, violations=self._violations)

    def text(self, name: str, max_length: int = 200) -> str:
        """A text that is not blank, without control characters."""
        value = self.optional_text(name, max_length)
        if not value.strip() and not getattr(self._message, name):
            self.fault(name, REQUIRED, "is required")
        elif not value.strip():
            self._fault_once(name, REQUIRED, "must not be blank")
        return value

    def optional_text(self, name: str, max_length: int = 200) -> str:
        """A text or the empty text."""
        value = str(getattr(self._message, name))
        if len(value) > max_length:
            self.fault(name, TOO_LONG, f"may have at most {max_length} characters")
            return ""
        if any(unicodedata.category(each) == "Cc" and each not in "\n\r\t" for each in value):
            self.fault(name, MALFORMED, "must not contain control characters")
            return ""
        return value

    def identifier(self, name: str) -> str:
        """An id: a UUID or a slug of at most 64 characters."""
        value = self.optional_identifier(name)
        if not getattr(self._message, name):
            self.fault(name, REQUIRED, "is required")
        return value

    def optional_identifier(self, name: str) -> str:
        """An id or the empty text."""
        value = str(getattr(self._message, name))
        if not value or IDENTIFIER.fullmatch(value):
            return value
        self.fault(name, MALFORMED, "must be an id of at most 64 letters, digits, dots or dashes")
        return ""

    def identifiers(self, name: str, *, low: int = 0, high: int = 1000) -> tuple[str, ...]:
        """A repeated id field: each an id, none twice."""
        values = tuple(getattr(self._message, name))
        if not low <= len(values) <= high:
            self.fault(name, *_count(low, high, len(values)))
            return ()
        for index, value in enumerate(values):
            if not IDENTIFIER.fullmatch(value):
                self.fault(f"{name}[{index}]", MALFORMED, "must be an id")
            elif value in values[:index]:
                self.fault(f"{name}[{index}]", MALFORMED, "must not repeat")
        return values

    def enum(self, name: str, mapping: Mapping[Any, M]) -> M:
        """The value's counterpart in `mapping`; unspecified and unknown numbers are refused."""
        return self._member(name, getattr(self._message, name), mapping)

    def enums(
        self, name: str, mapping: Mapping[Any, M], *, low: int = 0, high: int = 100
    ) -> tuple[M, ...]:
        """The counterparts of a repeated enum field."""
        numbers = list(getattr(self._message, name))
        if not low <= len(numbers) <= high:
            self.fault(name, *_count(low, high, len(numbers)))
            return ()
        return tuple(
            self._member(f"{name}[{index}]", number, mapping)
            for index, number in enumerate(numbers)
        )

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number within both bounds."""
        value = int(getattr(self._message, name))
        if not low <= value <= high:
            self.fault(name, OUT_OF_RANGE, f"must be from {low} to {high}")
            return low
        return value

    def flag(self, name: str) -> bool:
        """A boolean; an explicit-presence field must be answered."""
        part = self._message.DESCRIPTOR.fields_by_name[name]
        if part.has_presence and not self._message.HasField(name):
            self.fault(name, REQUIRED, "must be answered")
        return bool(getattr(self._message, name))

    def timestamp(self, name: str) -> datetime:
        """An instant, aware and in UTC."""
        value = self.optional_timestamp(name)
        if value is None and not self._message.HasField(name):
            self.fault(name, REQUIRED, "is required")
        return value or EPOCH

    def optional_timestamp(self, name: str) -> datetime | None:
        """An instant, or None where absent."""
        if not self._message.HasField(name):
            return None
        try:
            value = getattr(self._message, name).ToDatetime(tzinfo=UTC)
        except (ValueError, OverflowError):
            value = None
        if value is None or not EARLIEST <= value < LATEST:
            self.fault(name, OUT_OF_RANGE, "must be an instant between the years 1900 and 2200")
            return None
        return _as_datetime(value)

    def duration(
        self, name: str, *, low: timedelta = timedelta(0), high: timedelta = LONGEST
    ) -> timedelta:
        """A length of time within both bounds."""
        if not self._message.HasField(name):
            self.fault(name, REQUIRED, "is required")
            return low
        try:
            value: timedelta | None = getattr(self._message, name).ToTimedelta()
        except (ValueError, OverflowError):
            value = None
        if value is None or not low <= value <= high:
            low_text, high_text = f"{low.total_seconds():g}", f"{high.total_seconds():g}"
            self.fault(name, OUT_OF_RANGE, f"must be from {low_text} to {high_text} seconds")
            return low
        return value

    def date(self, name: str) -> date:
        """A calendar day, from a google.type.Date."""
        if not self._message.HasField(name):
            self.fault(name, REQUIRED, "is required")
            return EPOCH.date()
        value = getattr(self._message, name)
        try:
            day = date(value.year, value.month, value.day)
        except (ValueError, OverflowError):
            self.fault(name, MALFORMED, "must be a day of the calendar")
            return EPOCH.date()
        if not EARLIEST.date() <= day < LATEST.date():
            self.fault(name, OUT_OF_RANGE, "must be a day between the years 1900 and 2200")
        return day

    def time_zone(self, name: str) -> str:
        """The name of an IANA time zone that exists."""
        value = str(getattr(self._message, name))
        if not value:
            self.fault(name, REQUIRED, "is required")
            return "UTC"
        try:
            return ZoneInfo(value).key
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            self.fault(name, UNKNOWN, "must be an IANA time zone")
            return "UTC"

    def _member(self, name: str, number: int, mapping: Mapping[Any, M]) -> M:
        if number in mapping:
            return mapping[number]
        if number == 0:
            self.fault(name, UNSPECIFIED, "must be specified")
        else:
            self.fault(name, UNKNOWN, "is not a known value")
        return next(iter(mapping.values()))

    def _fault_once(self, name: str, reason: str, description: str) -> None:
        if not any(each.field == self._path + name for each in self._violations):
            self.fault(name, reason, description)


def _count(low: int, high: int, count: int) -> tuple[str, str]:
    if count < low:
        return REQUIRED, f"needs at least {low}"
    return TOO_LONG, f"may have at most {high}"


def _as_datetime(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value
