"""How many rooms of twelve can be served before people no longer hear each other at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.audience import Audience, Outcome, subjects, tickets
from tests.bench.platform import Platform
from tests.bench.roommates import SEATS, rooms

EVERY_SECONDS = 5.0  # one event of each participant
SETTLE_SECONDS, SECONDS = 3.0, 12.0
MOST = 90  # rooms
KNEE_MS = 100.0
TRIES = 2  # one pause of a shared machine is no knee
Group = Sequence[dict[str, str]]


@dataclass
class Climb:
    """The rooms of the last step, how many of them held, and what each step was like."""

    groups: list[Group] = field(default_factory=list)
    held: int = 0
    text: str = "none held"
    curve: list[str] = field(default_factory=list)


def climb(running: Platform, crowd: Audience, *, addresses: Sequence[str], step: int) -> Climb:
    """More and more rooms, until the 99th percentile is late or something is not heard.

    People of one room sit at all of these replicas, as without affinity they would.
    """
    made = Climb()
    while len(made.groups) < MOST:
        made.groups += _joined(running, crowd, step, addresses)
        seen = _chat(crowd, made.groups)
        count, answer = len(made.groups), seen.answer
        made.curve.append(f"{count} {answer['p50_ms']:.0f}/{answer['p99_ms']:.0f}")
        if not holds(seen):
            made.text += f"; {count} did not: {told(seen)}"
            break
        made.held, made.text = count, f"{count} rooms held: {told(seen)}"
    return made


def chat_once(crowd: Audience, groups: Sequence[Group]) -> Outcome:
    """Everybody says something every few seconds."""
    return crowd.do(
        "chat",
        subjects=names(groups),
        settle=SETTLE_SECONDS,
        seconds=SECONDS,
        every=EVERY_SECONDS,
    )


def names(groups: Sequence[Group]) -> list[str]:
    """Everybody."""
    return [name for group in groups for name in subjects(group)]


def missing(answer: dict[str, Any]) -> int:
    """How often somebody did not hear what was said in their room."""
    return int(answer["said"]) * SEATS - int(answer["heard"])


def holds(seen: Outcome) -> bool:
    """Everybody heard everything, nearly all of it soon."""
    return seen.answer["p99_ms"] <= KNEE_MS and not missing(seen.answer)


def told(seen: Outcome) -> str:
    """As a figure tells it."""
    answer = seen.answer
    odd = f", {answer['odd']}" if answer["odd"] else ""
    return (
        f"{answer['said'] / SECONDS:.0f} events/s to {SEATS} each, p50 {answer['p50_ms']:.0f} ms, "
        f"p99 {answer['p99_ms']:.0f} ms, {missing(answer)} of {answer['said'] * SEATS} not heard"
        f"{odd} ({seen.text})"
    )


def _joined(
    running: Platform, crowd: Audience, count: int, addresses: Sequence[str]
) -> list[Group]:
    """More rooms, with everybody in them."""
    groups: list[Group] = [tickets(running, [room]) for room in rooms(running, count)]
    for group in groups:
        for number, each in enumerate(group):
            each["address"] = addresses[number % len(addresses)]
    crowd.do("join", people=[person for group in groups for person in group])
    return groups


def _chat(crowd: Audience, groups: Sequence[Group]) -> Outcome:
    for _ in range(TRIES):
        seen = chat_once(crowd, groups)
        if holds(seen):
            break
    return seen
