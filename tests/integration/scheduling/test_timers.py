"""A session whose time is over ends without anybody asking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.clock import FixedClock
from chassis.store import Store
from services.scheduling.domain.session import SessionState
from services.scheduling.timers import due_work
from tests.due import RunningTimers
from tests.unit.scheduling.world import World
from tests.waiting import eventually

TWO_HOURS = timedelta(hours=2)
FAR = date(2100, 1, 1)


@pytest.fixture
def clock() -> FixedClock:
    """Two hours behind the database, until advanced."""
    return FixedClock(datetime.now(UTC) - TWO_HOURS)


@pytest.fixture
def relay(world: World, store: Store, clock: FixedClock) -> Iterator[RunningTimers]:
    """Scheduling's due work, as its relay runs it."""
    runner = RunningTimers(store, due_work(world.scheduling))
    yield runner
    runner.stop()


def test_the_relay_ends_what_is_over_and_leaves_what_is_not(
    world: World, clock: FixedClock, relay: RunningTimers
) -> None:
    over = world.one_off(world.clinician("VA", expire_date=FAR), world.patient())
    start = clock.now() + TWO_HOURS
    running = world.one_off(
        world.clinician("VA", expire_date=FAR), world.patient(), start_time=start
    )
    clock.advance(TWO_HOURS)
    relay.start()
    eventually(lambda: world.session(over.id).state is SessionState.ENDED, within=10)
    assert world.session(running.id).state is SessionState.SCHEDULED
