"""A database that freezes or restarts under a live room, on a server of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.call import Role
from chassis.clock import DatabaseClock
from chassis.store import CHASSIS_INDEXES, connect
from cli.servers import MongoServer
from services.sessions.store import INDEXES
from services.sessions.timers import due_work
from tests.due import RunningTimers
from tests.integration.sessions.clinic import Clinic

SLOW = {"heartbeat_seconds": 60.0, "silence_seconds": 180.0, "signal_answer_seconds": 1.0}
# Nobody is heard for longer than a silence while the store is away; enough for a busy machine.
BRISK = {"heartbeat_seconds": 1.0, "silence_seconds": 4.0, "signal_answer_seconds": 1.0}
NOBODY_YET = resources.SAFETY_SIGNAL_STATE_NOBODY_YET


@pytest.fixture(scope="module")
def server(server_folder: Path) -> Iterator[MongoServer]:
    """A MongoDB that tests may freeze and stop."""
    own = MongoServer(server_folder / "store-away").start()
    yield own
    own.kill()


@pytest.fixture
def fragile(server: MongoServer, tmp_path: Path, test_name: str) -> Iterator[Clinic]:
    """A clinic on that server."""
    if server.obituary():  # of a test that failed
        server.start()
    client = connect(server.uri, app_name="clock", pool_size=2)
    made = Clinic(server.uri, test_name, folder=tmp_path, clock=DatabaseClock(client))
    made.store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield made
    server.thaw()
    client.close()
    made.close()


class Group:
    """A started session with a patient, a peer and the facilitator in it."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack

    async def meets(self, **numbers: float) -> Group:
        self.clinic.counts(**(numbers or SLOW))
        self.clinic.schedules()
        address = await self.stack.enter_async_context(self.clinic.replica())
        self.ana = self.clinic.person(address, "p-1")
        self.lead = self.clinic.person(address, "f-1", Role.CLINICIAN)
        for person in (self.ana, self.lead):
            self.stack.push_async_callback(person.close)
        await self.lead.changes("StartSession", session_id="s-1")
        await self.ana.attests()
        self.hers, self.theirs = await self.ana.joins(), await self.lead.joins()
        return self


async def test_a_signal_on_a_frozen_store_is_answered_truly_and_stored_once_it_thaws(
    fragile: Clinic, server: MongoServer, stack: AsyncExitStack
) -> None:
    group = await Group(fragile, stack).meets()
    server.freeze()
    await group.hers.press()
    told = await group.hers.next("private_event")
    seen = await group.theirs.next("private_event")
    status = await group.ana.call(
        "GetSafetySignal", safety_signal_id=told.safety_signal.safety_signal_id
    )
    server.thaw()
    assert (told.number, told.safety_signal.state) == (0, NOBODY_YET)
    assert not told.safety_signal.is_stored
    assert told.safety_signal.call_number == "988"
    assert (seen.number, seen.safety_signal.patient_id) == (0, "p-1")
    assert status.safety_signal.state == NOBODY_YET
    assert not status.safety_signal.is_stored
    stored = await group.hers.next("private_event")
    assert (stored.number, stored.safety_signal.is_stored) == (1, True)
    assert stored.safety_signal.safety_signal_id == told.safety_signal.safety_signal_id
    assert len(fragile.emitted(sessions.SafetySignalRaised)) == 1


async def test_a_signal_by_request_is_answered_while_the_store_is_down(
    fragile: Clinic, server: MongoServer, stack: AsyncExitStack
) -> None:
    group = await Group(fragile, stack).meets()
    server.kill()
    values = {"request_id": str(uuid4()), "patient_id": "p-1", "session_id": "s-1"}
    answer = await group.ana.call("RaiseSafetySignal", **values)
    assert answer.safety_signal.state == NOBODY_YET
    assert answer.safety_signal.call_number == "988"
    assert not answer.safety_signal.is_stored, "the app presses again"
    await asyncio.to_thread(server.start)
    stored = await group.hers.next("private_event", lambda each: each.number == 1)
    assert stored.safety_signal.safety_signal_id == answer.safety_signal.safety_signal_id
    again = await group.ana.call("RaiseSafetySignal", **values)
    assert again.safety_signal.is_stored
    assert len(fragile.emitted(sessions.SafetySignalRaised)) == 1


async def test_a_room_outlives_a_restart_of_its_store(
    fragile: Clinic, server: MongoServer, stack: AsyncExitStack
) -> None:
    group = await Group(fragile, stack).meets()
    await group.hers.say("before")
    before = await group.theirs.hears("before")
    await asyncio.to_thread(server.stop)
    request_id = await group.hers.say("meanwhile")
    refusal = await group.hers.next("refusal")
    assert (refusal.request_id, refusal.reason) == (request_id, "STORE_UNAVAILABLE")
    await asyncio.to_thread(server.start)
    await _until_said(group.hers, "meanwhile", request_id)
    after = await group.theirs.hears("meanwhile")
    assert after.number == before.number + 1


async def test_nobody_is_taken_for_lost_because_the_store_was_away(
    fragile: Clinic, server: MongoServer, stack: AsyncExitStack
) -> None:
    group = await Group(fragile, stack).meets(**BRISK)
    timers = RunningTimers(fragile.store, due_work(fragile.sessions))
    timers.start()
    stack.callback(timers.stop)
    for each in (group.hers, group.theirs):
        await _until_said(each, "before", str(uuid4()))
        await each.send(heartbeat={})
    await asyncio.to_thread(server.stop)
    for _ in range(6):  # longer than a silence; they are there, and nothing of it can be stored
        await _shows_life(group.hers, group.theirs)
    await asyncio.to_thread(server.start)
    await _shows_life(group.hers, group.theirs)  # the relay has looked by now
    for each in (group.hers, group.theirs):
        await each.send(heartbeat={})
        await _until_said(each, "after", str(uuid4()))
    log = fragile.documents("room_events")
    kinds = {each["kind"] for each in log}
    assert kinds == {"session_started", "joined", "chat"}


async def _shows_life(*attendances: Any) -> None:
    """For a second, by frames that no store is asked about."""
    for each in attendances:
        await each.send(hello=pb.Hello())
    await asyncio.sleep(1.0)


async def _until_said(attendance: Any, text: str, request_id: str) -> None:
    """As a client does: the same message again until there is a receipt for it."""
    while True:
        await attendance.say(text, request_id)
        async with asyncio.timeout(20):
            while True:
                frame = await attendance.stream.read()
                if frame.WhichOneof("frame") == "receipt":
                    return
                if frame.WhichOneof("frame") == "refusal":
                    break
