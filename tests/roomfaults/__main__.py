"""`python -m tests.roomfaults [rooms] [people]`: non-zero where anybody lost anything.

200 people in 20 rooms on the whole platform, while one thing after the other breaks; the broker is
away for a minute.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.roomfaults import harms
from tests.roomfaults.crew import Crew, Report
from tests.roomfaults.house import House, house

ROOMS, PEOPLE, PACE_SECONDS = 20, 10, 5.0
AWAY_SECONDS = 60.0


async def _campaign(running: House, count: int, people: int, console: Console) -> list[str]:
    """What was lost."""
    crew = await Crew.gather(running, count, people=people, pace_seconds=PACE_SECONDS)
    console.print(f"{count * people} people in {count} rooms at {len(running.addresses)} replicas")
    wrong: list[str] = []

    def told(report: Report) -> None:
        wrong.extend(f"{report.name}: {each}" for each in report.faults)
        console.print(report.text(), soft_wrap=True)

    broker = running.stack.broker
    assert broker is not None
    told(await harms.api_killed(crew))
    told(await harms.rolling_restart(crew))
    for name, ways in {
        "stopped": (broker.stop, broker.start),
        "frozen": (broker.freeze, broker.thaw),
    }.items():
        told(await harms.broker_away(crew, name, ways=ways, seconds=AWAY_SECONDS))
    told(await harms.database_restarted(crew))
    told(await harms.second_devices(crew))
    told(await harms.nonsense(crew))
    told(await harms.clock_stepped(crew))
    await crew.leave()
    return wrong


def main() -> int:
    """Play it on servers of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROOMS
    people = int(sys.argv[2]) if len(sys.argv) > 2 else PEOPLE
    console = Console()
    with TemporaryDirectory() as folder, house(Path(folder), only=()) as running:
        wrong = asyncio.run(_campaign(running, count, people, console))
    for each in wrong:
        console.print(each, soft_wrap=True)
    console.print(f"{len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
