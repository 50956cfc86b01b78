"""Whatever scheduling must react to has a handler, and whatever is due has an index."""

from __future__ import annotations

from chassis.topology import event_type, load_catalogue
from services.scheduling.store import INDEXES
from services.scheduling.timers import due_work
from tests.unit.scheduling.world import World

SERVICES = ("intake", "scheduling", "sessions", "crisis", "notify")


def test_each_event_meant_for_scheduling_has_a_handler(world: World) -> None:
    expected = {spec.type for spec in load_catalogue(SERVICES).consumed_by("scheduling")}
    assert {event_type(each) for each in world.scheduling.consumers} == expected


def test_each_kind_of_due_work_has_an_index_on_its_time(world: World) -> None:
    for work in due_work(world.scheduling):
        keys = [(work.field, 1)]
        assert any(
            index.collection == work.collection and list(index.keys) == keys for index in INDEXES
        )
