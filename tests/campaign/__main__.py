"""`python -m tests.campaign [kills] [seed]`: non-zero where anything was lost, late or parked.

After the kills the broker is stopped, and frozen, for a minute in the middle of fifty cases.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymongo import MongoClient
from rich.console import Console

from cli.demo.cast import Story
from cli.demo.chapters import prologue
from cli.demo.timeline import Timeline
from cli.demo.world import World
from cli.environment import Uris
from cli.stack import Stack
from tests.campaign.campaign import WAIT, WITHOUT_DRILLS, Campaign
from tests.scenarios.ledger import Ledger

KILLS = 200
LATEST_SECONDS = 2.0
CASES, BEFORE_SECONDS, AWAY_SECONDS, FIRST_PAGE_SECONDS = 50, 3.0, 60.0, 5.0


def main() -> int:
    """Play it on servers of its own."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1_000_000)
    console = Console()
    console.print(f"seed {seed}")
    with (
        TemporaryDirectory() as folder,
        Stack(Path(folder), given=Uris(), more=WITHOUT_DRILLS) as stack,
    ):
        assert stack.smtp is not None
        assert stack.database is not None
        world = World(stack.environment.addresses, stack.environment.issuer)
        story = Story(world, Timeline(), stack.smtp, rung_seconds=int(WAIT.total_seconds()))
        prologue.play(story)
        with MongoClient[dict[str, Any]](stack.database.uri) as client:
            campaign = Campaign(stack, story, client)
            report = campaign.run(kills, seed=seed, say=console.print)
            outages = _outages(stack, campaign, console)
            assert stack.broker is not None
            parked = Ledger(stack.broker.uri, client).dead()
        world.close()
    late = [each for each in report.lateness if each > LATEST_SECONDS]
    for fault in (*report.faults, *parked):
        console.print(fault)
    console.print(report.text())
    console.print(f"{len(late)} of {len(report.lateness)} pages later than {LATEST_SECONDS:g} s")
    return 1 if report.faults or late or outages or parked else 0


def _outages(stack: Stack, campaign: Campaign, console: Console) -> list[str]:
    """What went wrong while the broker was away."""
    broker, wrong = stack.broker, []
    assert broker is not None
    ways = {"stopped": (broker.stop, broker.start), "frozen": (broker.freeze, broker.thaw)}
    for name, (leave, come_back) in ways.items():
        away = _away(leave, come_back)
        spread = timedelta(seconds=AWAY_SECONDS + 2 * BEFORE_SECONDS)
        report = campaign.around(away, cases=CASES, spread=spread)
        slowest = max(report.first)
        console.print(f"broker {name}: {report.text()} first pages within {slowest:.2f} s")
        wrong += report.faults
        if len(report.first) != CASES or slowest >= FIRST_PAGE_SECONDS:
            wrong.append(f"broker {name}: a first page was late")
    for fault in wrong:
        console.print(fault)
    return wrong


def _away(leave: Callable[[], object], come_back: Callable[[], object]) -> Callable[[], None]:
    def away() -> None:
        pause = threading.Event()
        pause.wait(BEFORE_SECONDS)
        leave()
        try:
            pause.wait(AWAY_SECONDS)
        finally:
            come_back()

    return away


if __name__ == "__main__":
    sys.exit(main())
