"""What time it is.

Deadlines are stored and compared in the database's time; process clocks only schedule wake-ups.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from chassis.errors import Unavailable

if TYPE_CHECKING:
    from pymongo import MongoClient

RESYNC_SECONDS = 15.0  # quartz drifts far below a millisecond in this time
# Every reading holds back all who ask the time; a server this slow is as good as away.
READING_SECONDS = 1.0


class Clock(Protocol):
    """A source of the current instant, aware and in UTC."""

    def now(self) -> datetime:
        """The current instant."""
        ...


class FixedClock:
    """Stands still until told to advance. For tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self._now += by


class DatabaseClock:
    """The database server's time, carried between readings by the monotonic clock.

    A step of this process's wall clock does not move it. While the database is away it goes on
    from the last reading.
    """

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._anchor: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The database's instant, to within one round trip."""
        anchor = self._anchor
        if anchor is None or time.monotonic() - anchor[1] > RESYNC_SECONDS:
            anchor = self._synchronize(anchor)
        return anchor[0] + timedelta(seconds=time.monotonic() - anchor[1])

    def _synchronize(self, known: tuple[datetime, float] | None) -> tuple[datetime, float]:
        from pymongo import timeout  # noqa: PLC0415  # the core must load without a driver
        from pymongo.errors import PyMongoError  # noqa: PLC0415

        with self._lock:
            if self._anchor is not known and self._anchor is not None:
                return self._anchor
            before = time.monotonic()
            try:
                with timeout(READING_SECONDS):
                    answer = self._client.admin.command("hello")
            except PyMongoError as error:
                if known is None:
                    raise Unavailable("STORE_UNAVAILABLE", "no reading of its clock") from error
                # Readings of an absent database are no reason to stop counting.
                elapsed = time.monotonic() - known[1]
                anchor = (known[0] + timedelta(seconds=elapsed), time.monotonic())
            else:
                middle = before + (time.monotonic() - before) / 2
                anchor = (answer["localTime"].replace(tzinfo=UTC), middle)
            self._anchor = anchor
            return anchor
