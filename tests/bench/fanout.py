"""What durability and order cost: rooms at saturation, Haven's and bare ones in memory."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.bench.audience import (
    Audience,
    Outcome,
    audience,
    processes,
    serving,
    subjects,
    tickets,
)
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure
from tests.bench.roommates import SEATS, house, rooms

ROOMS = 10
TALKERS = 6  # of each room, each with one message on its way
SETTLE_SECONDS, SECONDS, ROUNDS = 2.0, 8.0, 3


def measure() -> list[Figure]:
    """The same people in the same number of rooms, in turns; a drifting machine moves both."""
    with (
        house() as running,
        serving("bare_rooms") as bare,
        audience({**processes(running), "bare": bare.pid}) as crowd,
    ):
        assert bare.stdout is not None
        assert running.stack.database is not None
        ceiling = transactions_per_second(running.stack.database.uri)
        places = {"haven": "", "bare": bare.stdout.readline().strip()}
        talkers = {}
        for kind, address in places.items():
            people = tickets(running, rooms(running, ROOMS), address=address)
            crowd.do("join", people=people)
            talkers[kind] = subjects(
                [each for number, each in enumerate(people) if number % SEATS < TALKERS]
            )
        seen: dict[str, list[Outcome]] = {kind: [] for kind in places}
        for _ in range(ROUNDS):
            for kind, names in talkers.items():
                seen[kind].append(_saturated(crowd, names))
    rates = {kind: _rate(each) for kind, each in seen.items()}
    text = (
        f"bare {rates['bare']:,.0f}/s, Haven {rates['haven']:,.0f}/s delivered: {ROOMS} rooms of "
        f"{SEATS}, {TALKERS} of each speak, one message on its way each; "
        f"{ceiling:,.0f} bare txn/s; Haven: {_told(seen['haven'])}; bare: {_told(seen['bare'])}"
    )
    return [Figure("fanout_ratio", rates["haven"] / rates["bare"], "ratio", text, ">= 1.0")]


def _saturated(crowd: Audience, names: Sequence[str]) -> Outcome:
    return crowd.do("converse", subjects=names, settle=SETTLE_SECONDS, seconds=SECONDS)


def _rate(outcomes: Sequence[Outcome]) -> float:
    return statistics.median(each.answer["per_second"] for each in outcomes)


def _told(outcomes: Sequence[Outcome]) -> str:
    last = outcomes[-1]
    odd = f", {last.answer['odd']}" if last.answer["odd"] else ""
    return f"p50 {last.answer['p50_ms']:.0f} ms{odd} ({last.text})"
