"""What is known already is not asked for again: the store is what all rooms share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from haven.sessions.v1 import resources_pb2

from services.sessions.live import hub as hub_module
from services.sessions.queries import Following
from tests.unit.sessions.lobby import Client, Replica, replica
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

CALM = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0}
Looks = list[tuple[str, int]]  # into which log, and after which number


@pytest.fixture
def ward() -> Ward:
    opened = Ward(dict(CALM))
    opened.opens()
    return opened


@pytest.fixture
async def room(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Replica]:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 600.0)
    async with replica(ward) as served:
        yield served


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Every read of a log from now on."""
    made: Looks = []
    after = Following.after

    def counted(log: Any, tenant_id: str, key: str, number: int, limit: int) -> Any:
        made.append((key, number))
        return after(log, tenant_id, key, number, limit)

    monkeypatch.setattr(Following, "after", counted)
    return made


async def hears_of(client: Client, alias: str) -> resources_pb2.RoomEvent:
    event: resources_pb2.RoomEvent = await client.next(
        "room_event",
        lambda each: each.alias == alias and each.kind == resources_pb2.ROOM_EVENT_KIND_JOINED,
    )
    return event


async def test_who_is_in_the_room_hears_of_somebody_new_without_a_look_into_the_store(
    room: Replica, looks: Looks
) -> None:
    ana = await room.joins(by_patient("p-1"))
    looks.clear()
    ben = await room.joins(by_patient("p-2"))

    seen = await hears_of(ana, "Red Fox 7")

    assert await hears_of(ben, "Red Fox 7") == seen
    assert {each for each in looks if each[0] == "s-1"} == {("s-1", 0)}  # for who is new alone
    assert [each for each in looks if each[0] == "p-2"] == [("p-2", 0)]


async def test_who_comes_again_and_has_missed_nothing_asks_nothing_of_the_rooms_log(
    room: Replica, looks: Looks
) -> None:
    lead = await room.joins(by_facilitator())
    ana = await room.joins(by_patient("p-1"))
    number = (await hears_of(lead, "Blue Heron 4")).number
    looks.clear()
    again = await room.joins(by_patient("p-1"), room_cursor=number)

    again.say("Back again.")

    assert (await again.hears("Back again.")).number == number + 1
    assert (await lead.hears("Back again.")).number == number + 1
    assert ("s-1", number) not in looks
    await ana.end()
