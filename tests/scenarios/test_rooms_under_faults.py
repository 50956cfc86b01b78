"""Groups meet while what they need breaks: nobody loses a seat, an event or a minute.

Two replicas of the live rooms as processes of their own, on servers of their own; everybody has a
channel and a token of their own, and some sit at either replica. Everything is waited for, nothing
is measured: on a machine that is too busy to hear somebody for 30 s the room's log tells that they
were lost, and the ledger must say the same. `make roomfaults` is the same with 200 people; how soon
they are back is told there. A broker that is away for a minute is long by nature, and left to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cli.servers import RabbitServer
from tests.roomfaults import harms
from tests.roomfaults.crew import Crew, Report
from tests.roomfaults.house import House
from tests.roomfaults.house import house as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOMS, PEOPLE, PACE_SECONDS = 5, 4, 2.0
AWAY_SECONDS = 3.0  # longer than anything that is told by the broker lives


@pytest.fixture(scope="module")
def house(server_folder: Path) -> Iterator[House]:
    """The processes that rooms need, twice where it matters."""
    with opened(server_folder / "rooms-under-faults") as running:
        yield running


@pytest.fixture(scope="module")
def broker(house: House) -> RabbitServer:
    """The house's own."""
    assert house.stack.broker is not None
    return house.stack.broker


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(house: House) -> AsyncIterator[Crew]:
    """Everybody is in the room, before the first fault and after the last."""
    everybody = await Crew.gather(house, ROOMS, people=PEOPLE, pace_seconds=PACE_SECONDS)
    yield everybody
    await everybody.leave()


def _holds(report: Report) -> None:
    print(report.text())
    assert report.faults == []


async def test_when_a_replica_dies_its_people_go_on_elsewhere_and_lose_nothing(crew: Crew) -> None:
    _holds(await harms.api_killed(crew))


async def test_a_rolling_restart_sends_everybody_elsewhere_and_throws_nobody_out(
    crew: Crew,
) -> None:
    _holds(await harms.rolling_restart(crew))


async def test_with_the_broker_gone_rooms_go_on_and_who_calls_for_help_is_heard(
    crew: Crew, broker: RabbitServer
) -> None:
    ways = broker.stop, broker.start  # its start alone takes seconds
    _holds(await harms.broker_away(crew, "stopped", ways=ways, seconds=0.0))


async def test_with_the_broker_frozen_rooms_go_on_and_who_calls_for_help_is_heard(
    crew: Crew, broker: RabbitServer
) -> None:
    ways = broker.freeze, broker.thaw
    _holds(await harms.broker_away(crew, "frozen", ways=ways, seconds=AWAY_SECONDS))


async def test_when_the_database_restarts_everybody_is_told_so_and_comes_back(crew: Crew) -> None:
    _holds(await harms.database_restarted(crew))


async def test_of_two_devices_the_newer_goes_on_and_minutes_count_once(crew: Crew) -> None:
    _holds(await harms.second_devices(crew))


async def test_nonsense_is_refused_with_its_reason_and_the_neighbours_notice_nothing(
    crew: Crew,
) -> None:
    """Among it a ticket that is used twice."""
    _holds(await harms.nonsense(crew))


async def test_a_replica_whose_clock_is_an_hour_off_moves_no_minute(crew: Crew) -> None:
    _holds(await harms.clock_stepped(crew))
