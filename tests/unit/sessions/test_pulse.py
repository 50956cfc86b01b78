"""Heartbeats go into the store together, and each is heard as if it had gone alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from chassis.errors import ResourceExhausted, Unavailable
from services.sessions.domain.commands import Connected, Lead
from services.sessions.handlers.pulses import Heartbeat
from services.sessions.live import listener as listener_module
from services.sessions.live.listener import beats_missed
from tests.unit.sessions.lobby import Replica, replica
from tests.unit.sessions.ward import TENANT, Ward, by_facilitator, by_patient
from tests.waiting import eventually

QUICK = {"hello_seconds": 0.1, "heartbeat_seconds": 0.2, "silence_seconds": 30.0}
CONNECTIONS = {"f-1": "lead", "p-1": "c-1", "p-2": "c-2"}
Change = Callable[[Ward], None]


def house(**numbers: Any) -> Ward:
    """The facilitator and both patients are in the room."""
    ward = Ward({"silence_seconds": 30.0, **numbers})
    ward.opens()
    for call in (by_facilitator(), by_patient("p-1"), by_patient("p-2")):
        ward.enters(call, CONNECTIONS[call.actor.subject])
    return ward


def heartbeat(call: Call, connection_id: str = "") -> Heartbeat:
    return Heartbeat(call, Connected("s-1", connection_id or CONNECTIONS[call.actor.subject]))


def everybody() -> list[Heartbeat]:
    return [heartbeat(call) for call in (by_facilitator(), by_patient("p-1"), by_patient("p-2"))]


def places(ward: Ward) -> list[dict[str, Any]]:
    """But for the secrets that each connection was given."""
    return [
        {**each, "door": {**each["door"], "resume_hash": ""}}
        for each in ward.store.documents("participants")
    ]


@pytest.mark.parametrize("seconds", [5, 300], ids=["soon", "when minutes are told"])
def test_together_they_say_what_they_would_have_said_one_by_one(seconds: int) -> None:
    together, alone = house(), house()
    for ward in (together, alone):
        ward.pass_time(seconds=seconds)

    assert together.sessions.pulses.beat_all(everybody()) == [True] * 3
    for each in everybody():
        alone.sessions.presences.beat(each.call, each.command)

    assert places(together) == places(alone)
    told, expected = (ward.store.emitted(sessions.AttendanceRecorded) for ward in (together, alone))
    assert told == expected
    assert len(told) == (2 if seconds == 300 else 0)
    rows = [len(ward.store.documents("audit_entries")) for ward in (together, alone)]
    assert rows[0] == rows[1]


def revokes(ward: Ward) -> None:
    ward.hears(intake.ConsentRevoked(consent_id="k", patient_id="p-1", scope="group_participation"))


def falls_silent(ward: Ward) -> None:
    ward.pass_time(seconds=31)
    ward.rings()


@pytest.mark.parametrize(
    "change",
    [
        lambda ward: ward.enters(by_patient("p-1"), "laptop"),
        lambda ward: ward.leaves(by_patient("p-1"), "c-1"),
        lambda ward: ward.schedules(version=2, patient_ids=["p-2"]),
        lambda ward: ward.sessions.rooms.end(by_facilitator(), Lead("s-1")),
        falls_silent,
        revokes,
    ],
    ids=["another device", "left", "no seat", "over", "taken for lost", "consent taken back"],
)
def test_what_is_no_everyday_one_is_left_as_it_was_for_a_look_of_its_own(change: Change) -> None:
    ward = house()
    change(ward)
    before = [each for each in ward.store.documents("participants") if each["person_id"] == "p-1"]

    stored = ward.sessions.pulses.beat_all(everybody())

    after = [each for each in ward.store.documents("participants") if each["person_id"] == "p-1"]
    assert not stored[1]
    assert after == before


def test_what_goes_wrong_for_all_is_left_for_each_to_meet_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One damaged place must not silence everybody on the replica."""
    ward = house()
    monkeypatch.setattr(type(ward.sessions.pulses), "_beat_together", lambda *_, **__: 1 / 0)

    assert ward.sessions.pulses.beat_all(everybody()) == [False] * 3


def test_where_the_database_is_away_it_is_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    ward = house()

    def away(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    monkeypatch.setattr(ward.store, "transact", away)
    with pytest.raises(Unavailable):
        ward.sessions.pulses.beat_all(everybody())


def test_in_a_held_room_nobody_is_heard_together() -> None:
    ward = house()
    ward.leaves(by_facilitator(), "lead")

    assert ward.sessions.pulses.beat_all(everybody()) == [False] * 3


@pytest.fixture
async def room() -> AsyncIterator[Replica]:
    opened = Ward({**QUICK, "heartbeat_seconds": 60.0, "silence_seconds": 180.0})
    opened.opens()
    async with replica(opened) as served:
        yield served


async def soon(condition: Callable[[], Any]) -> None:
    await asyncio.to_thread(eventually, condition, within=10)


async def test_those_of_a_moment_go_together_and_what_is_left_over_by_itself(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))]
    together: list[list[str]] = []
    alone: list[str] = []

    def beat_all(heard: list[Heartbeat]) -> list[bool]:
        together.append([each.call.actor.subject for each in heard])
        return [each.call.actor.subject == "p-1" for each in heard]

    monkeypatch.setattr(room.live.sessions.pulses, "beat_all", beat_all)
    monkeypatch.setattr(
        room.live.sessions.presences, "beat", lambda call, _: alone.append(call.actor.subject)
    )
    for client in clients:
        client.beat()

    await soon(lambda: alone)

    assert sorted(together, key=len) in ([["p-1", "p-2"]], [["p-1"], ["p-2"]])
    assert alone == ["p-2"]


async def test_a_heartbeat_that_the_store_does_not_take_is_counted_and_ends_nothing(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await room.joins(by_patient("p-1"))
    before = beats_missed._value.get()

    def refuse(_heard: list[Heartbeat]) -> list[bool]:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    monkeypatch.setattr(room.live.sessions.pulses, "beat_all", refuse)
    ana.beat()
    await soon(lambda: beats_missed._value.get() == before + 1)

    ana.say("Still here.")
    await ana.hears("Still here.")


async def test_heartbeats_that_come_while_all_threads_are_busy_are_brought_again(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, run, refused = beats_missed._value.get(), room.live.pulse._run, [True] * 3

    async def busy(fn: Callable[..., Any], *args: Any) -> Any:
        if fn == room.live.sessions.pulses.beat_all and refused:
            refused.pop()
            raise ResourceExhausted("SERVER_BUSY", "too many calls are waiting")
        return await run(fn, *args)

    monkeypatch.setattr(room.live.pulse, "_run", busy)
    core, heard = room.live.sessions, []
    monkeypatch.setattr(core.pulses, "_beat", lambda _tx, place, *_: heard.append(place.person_id))
    ana = await room.joins(by_patient("p-1"))
    ana.beat()
    await soon(lambda: heard)

    assert (heard, refused, beats_missed._value.get()) == (["p-1"], [], before)


async def test_what_somebody_says_does_not_wait_for_their_heartbeat(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await room.joins(by_patient("p-1"))
    may_go_on = asyncio.Event()

    async def waits(*_: Any) -> None:
        await may_go_on.wait()

    monkeypatch.setattr(room.live.pulse, "beat", waits)
    ana.beat()
    ana.say("Hello.")

    await ana.hears("Hello.")

    may_go_on.set()


@pytest.mark.parametrize("is_cut", [False, True], ids=["stays", "cut at once"])
async def test_who_leaves_does_so_after_the_heartbeat_that_is_on_its_way(
    room: Replica, monkeypatch: pytest.MonkeyPatch, is_cut: bool
) -> None:
    ana = await room.joins(by_patient("p-1"))
    order: list[str] = []
    is_on_its_way, may_go_on = asyncio.Event(), asyncio.Event()

    async def beat(*_: Any) -> None:
        is_on_its_way.set()
        await may_go_on.wait()
        order.append("heard")

    monkeypatch.setattr(room.live.pulse, "beat", beat)
    monkeypatch.setattr(room.live.sessions.presences, "leave", lambda *_: order.append("left"))
    ana.beat()
    await is_on_its_way.wait()
    ana.leave()
    if is_cut:
        ana.wire.sent.put_nowait(None)
        await asyncio.wait({ana.stream}, timeout=10)
    await asyncio.sleep(0)
    assert order == []

    may_go_on.set()

    await soon(lambda: order == ["heard", "left"])


async def test_heartbeats_are_stored_at_the_policys_pace_which_is_faster_for_staff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calm = Ward({**QUICK, "heartbeat_seconds": 60.0, "silence_seconds": 180.0})
    calm.opens()
    beats: list[str] = []

    def beat_all(heard: list[Heartbeat]) -> list[bool]:
        beats.extend(each.call.actor.subject for each in heard)
        return [True for _ in heard]

    monkeypatch.setattr(calm.sessions.pulses, "beat_all", beat_all)
    async with replica(calm) as room:
        ana, lead = await room.joins(by_patient()), await room.joins(by_facilitator())
        for client in (ana, lead):
            for _ in range(20):
                client.beat()
            client.say(f"{client is lead} still here")
            await client.hears(f"{client is lead} still here")
        await soon(lambda: sorted(beats) == ["f-1", "p-1"])
        pause = room.live.sessions.policies(TENANT).lead_heartbeat_seconds / 2
        passed = time.monotonic() + pause
        clock = SimpleNamespace(monotonic=lambda: passed)
        monkeypatch.setattr(listener_module, "time", clock)
        for client in (ana, lead):
            client.beat()
            client.say(f"{client is lead} and here")
            await client.hears(f"{client is lead} and here")
        await soon(lambda: len(beats) == 3)
    assert beats[-1] == "f-1"
