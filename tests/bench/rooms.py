"""How many people one replica serves in rooms of twelve, and how soon they hear each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tests.bench.audience import Audience, Outcome, audience, processes, subjects, tickets
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure
from tests.bench.platform import Platform
from tests.bench.roommates import SEATS, house, rooms

EVERY_SECONDS = 5.0  # one event of each participant
SETTLE_SECONDS, SECONDS = 3.0, 12.0
STEP, MOST = 6, 90  # rooms
KNEE_MS = 100.0
TRIES = 2  # one pause of a shared machine is no knee


def measure() -> list[Figure]:
    """The knee, then half of it."""
    with house() as running, audience(processes(running)) as crowd:
        assert running.stack.database is not None
        ceiling = f"{transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        groups: list[list[dict[str, str]]] = []
        held, text = 0, "none held"
        while len(groups) < MOST:
            groups += _joined(running, crowd, STEP)
            seen = _chat(crowd, groups)
            if not _holds(seen):
                text += f"; {len(groups)} did not: {_told(seen)}"
                break
            held, text = len(groups), f"{len(groups)} rooms held: {_told(seen)}"
        text = f"one replica, {os.cpu_count()} cores for all: {text}; {ceiling}"
        figures = [Figure("participants_at_knee", held * SEATS, "people", text, ">= 0")]
        half = groups[: max(1, held // 2)]
        crowd.do("leave", subjects=_names(groups[len(half) :]))
        return figures + _delivery(_once(crowd, half), len(half), ceiling)


def _delivery(seen: Outcome, count: int, ceiling: str) -> list[Figure]:
    text = f"half of the knee, {count} rooms: {_told(seen)}; {ceiling}"
    missing = 0.0 if not _missing(seen.answer) else float("inf")
    return [
        Figure(f"event_delivery_{key}", seen.answer[key] + missing, "ms", text, f"<= {bound}")
        for key, bound in (("p50_ms", 20), ("p99_ms", 100))
    ]


def _joined(running: Platform, crowd: Audience, count: int) -> list[list[dict[str, str]]]:
    """More rooms, with everybody in them."""
    groups = [tickets(running, [room]) for room in rooms(running, count)]
    crowd.do("join", people=[person for group in groups for person in group])
    return groups


def _chat(crowd: Audience, groups: Sequence[Sequence[dict[str, str]]]) -> Outcome:
    for _ in range(TRIES):
        seen = _once(crowd, groups)
        if _holds(seen):
            break
    return seen


def _once(crowd: Audience, groups: Sequence[Sequence[dict[str, str]]]) -> Outcome:
    return crowd.do(
        "chat",
        subjects=_names(groups),
        settle=SETTLE_SECONDS,
        seconds=SECONDS,
        every=EVERY_SECONDS,
    )


def _names(groups: Sequence[Sequence[dict[str, str]]]) -> list[str]:
    return [name for group in groups for name in subjects(group)]


def _holds(seen: Outcome) -> bool:
    return seen.answer["p99_ms"] <= KNEE_MS and not _missing(seen.answer)


def _missing(answer: dict[str, Any]) -> int:
    return int(answer["said"]) * SEATS - int(answer["heard"])


def _told(seen: Outcome) -> str:
    answer = seen.answer
    odd = f", {answer['odd']}" if answer["odd"] else ""
    return (
        f"{answer['said'] / SECONDS:.0f} events/s to {SEATS} each, p50 {answer['p50_ms']:.0f} ms, "
        f"p99 {answer['p99_ms']:.0f} ms, {_missing(answer)} of {answer['said'] * SEATS} not heard"
        f"{odd} ({seen.text})"
    )
