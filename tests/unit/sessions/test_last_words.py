"""What somebody sends and goes at once is done all the same: their last words, and their leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.domain.log import RoomEventKind
from tests.unit.sessions.lobby import Client, Replica, replica
from tests.unit.sessions.test_desk import QUICK, Fault
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient
from tests.waiting import eventually

WORRYING = "I want to kill myself"
LEFT = sessions.DEPARTURE_KIND_LEFT


@pytest.fixture
def ward() -> Ward:
    opened = Ward(dict(QUICK))
    opened.opens()
    return opened


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


def departures(ward: Ward) -> list[sessions.EndangeredPatientLeft]:
    return ward.store.emitted(sessions.EndangeredPatientLeft)


def kinds(ward: Ward) -> list[RoomEventKind]:
    return [each.kind for each in ward.room()]


def closes(client: Client) -> None:
    """The app is closed: nothing more comes."""
    client.wire.sent.put_nowait(None)


async def soon(condition: Any) -> None:
    await asyncio.to_thread(eventually, condition, within=10)


@pytest.mark.parametrize("goes", [closes, Client.cut], ids=["closed", "cut"])
async def test_who_presses_leaves_and_is_gone_at_once_has_called_and_has_left(
    room: Replica, ward: Ward, goes: Any
) -> None:
    ana = await room.joins(by_patient())
    slow = Fault(room)
    ana.press()
    ana.leave()
    ana.send()
    assert (await ana.next("refusal")).reason == "FRAME_UNKNOWN"
    goes(ana)
    await asyncio.wait({ana.stream}, timeout=10)
    slow.mended.set()
    await soon(lambda: departures(ward))
    assert [each.kind for each in departures(ward)] == [LEFT]
    assert kinds(ward)[-1] is RoomEventKind.LEFT


async def test_who_speaks_and_is_gone_at_once_was_heard(room: Replica, ward: Ward) -> None:
    await room.joins(by_facilitator())
    ana = await room.joins(by_patient())
    for text in ("good morning", WORRYING, "thank you"):
        ana.say(text)
    closes(ana)
    await ana.end()
    await soon(lambda: len([each for each in ward.room() if each.text]) == 3)
    assert len(ward.store.emitted(sessions.ChatRiskRaised)) == 1


async def test_who_has_left_does_not_come_in_again_by_a_heartbeat_that_waited(
    room: Replica, ward: Ward
) -> None:
    ana = await room.joins(by_patient())
    slow = Fault(room)
    ana.press()
    ana.leave()
    ana.beat()
    closes(ana)
    await asyncio.wait({ana.stream}, timeout=10)
    slow.mended.set()
    await soon(lambda: RoomEventKind.LEFT in kinds(ward))
    ward.pass_time(seconds=60)
    ward.rings()
    assert kinds(ward)[-1] is RoomEventKind.LEFT
    assert kinds(ward).count(RoomEventKind.JOINED) == 1
