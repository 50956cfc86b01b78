"""What was typed is said, however often a busy server asks for it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from cli.room import visit as visit_module
from cli.room.attendance import Attendance
from cli.room.view import Line
from cli.room.visit import Visit

PASSING = ("RATE_LIMITED", "STORE_UNAVAILABLE", "WRITE_CONFLICT", "SERVER_BUSY",
           "DEADLINE_EXCEEDED")  # fmt: skip


@pytest.mark.parametrize("reason", PASSING)
async def test_words_that_the_server_could_not_take_are_said_again_under_the_same_key(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: Iterator[str | None] = iter([reason, reason, None])
    keys, told = list[str](), list[Line]()

    async def ask(_: Attendance, request_id: str, frame: Any) -> str | None:
        keys.append(request_id)
        return next(answers)

    def show(lines: Sequence[Line]) -> None:
        told.extend(lines)

    monkeypatch.setattr(Attendance, "ask", ask)
    monkeypatch.setattr(visit_module, "AGAIN_SECONDS", 0.0)
    await Visit(SimpleNamespace(session_id="s-1"), is_staff=False, show=show)._say("good morning")

    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert told == []
