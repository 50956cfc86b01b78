"""A loop of due work looks where something may be due for it, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.timers import DueRunner, DueWork

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Stream:
    """What a process's watch is asked for, and says when the test says so."""

    def __init__(self) -> None:
        self.listeners: list[tuple[str, Any, Any]] = []

    def listen(self, collection: str, wake: Any, *, fields: Any) -> None:
        """Somebody wants to know."""
        self.listeners.append((collection, wake, fields))

    def tells(self, row: dict[str, Any]) -> None:
        """Something was written."""
        for _, wake, _ in self.listeners:
            wake(row)


class NoLeases:
    """Nobody asks for one."""

    def lease(self, name: str) -> str:
        """Its name."""
        return name


@pytest.mark.parametrize(
    ("row", "woken"),
    [
        ({"early_time": NOON, "late_time": None}, ["early"]),
        ({"early_time": None, "late_time": NOON}, ["late"]),
        ({"late_time": NOON}, ["late"]),
        ({"early_time": None, "late_time": None}, []),
        ({}, ["early", "late"]),  # nobody knows what was written
    ],
)
def test_a_write_wakes_the_loops_for_which_it_has_a_time(
    row: dict[str, Any], woken: list[str]
) -> None:
    stream, leases, store = Stream(), NoLeases(), object()
    works = [
        DueWork(name, "charts", f"{name}_time", lambda _call, _id: None)
        for name in ("early", "late")
    ]
    runner: Any = DueRunner(store, works, stream, leases)  # type: ignore[arg-type]
    assert [fields for _, _, fields in stream.listeners] == [("early_time",), ("late_time",)]

    stream.tells(row)

    assert [loop.work.name for loop in runner._loops if loop.wake.is_set()] == woken
