"""A tenant's scheduling over the memory store."""

from __future__ import annotations

import pytest

from chassis.clock import FixedClock
from services.scheduling.store import INDEXES
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import NOW
from tests.unit.scheduling.world import World


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def store(clock: FixedClock) -> MemoryStore:
    return MemoryStore(service="scheduling", clock=clock, indexes=INDEXES)


@pytest.fixture
def world(store: MemoryStore) -> World:
    return World(store)
