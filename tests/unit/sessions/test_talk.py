"""What many say at once is stored in few transactions; nobody's word hangs on another's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from haven.sessions.v1 import events_pb2

from chassis.call import Call, RequestOnce
from chassis.errors import InvalidArgument, NotFound, Unavailable
from services.sessions.domain.commands import Enter, Lead, Say
from services.sessions.domain.log import RoomEvent
from services.sessions.handlers.lots import Saying
from services.sessions.live import talk as talk_module
from tests.unit.sessions.lobby import Replica, replica
from tests.unit.sessions.ward import TENANT, Ward, by_facilitator, by_patient

CALM = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0}
WORRYING = "I want to kill myself"
OTHER_ROOM = "s-2"


def a_group() -> Ward:
    """Two patients and the facilitator are in the room."""
    opened = Ward(dict(CALM))
    opened.opens()
    for call in (by_patient("p-1"), by_patient("p-2"), by_facilitator()):
        opened.enters(call)
    return opened


@pytest.fixture
def ward() -> Ward:
    return a_group()


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


def saying(call: Call, text: str, *, key: str = "", session_id: str = "s-1") -> Saying:
    once = RequestOnce(
        key or str(uuid4()), f"room.chat/{session_id}", text.encode(), lambda e: b"%d" % e.number
    )
    return Saying(replace(call, once=once), Say(session_id, text))


def say_all(ward: Ward, *sayings: Saying) -> list[Any]:
    return ward.sessions.lots.say(sayings)


def opens_another_room(ward: Ward) -> None:
    ward.schedules(session_id=OTHER_ROOM, patient_ids=["p-1", "p-2"])
    ward.sessions.rooms.start(by_facilitator(), Lead(OTHER_ROOM))
    for call in (by_patient("p-1"), by_facilitator()):
        ticket = ward.ticket(call, OTHER_ROOM)
        ward.sessions.doors.enter(
            call, Enter(OTHER_ROOM, str(uuid4()), 0, None, join_ticket=ticket)
        )


def heard(ward: Ward, session_id: str = "s-1") -> list[str]:
    events = ward.sessions.room_log.after(TENANT, session_id, 0, 1000)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    return [event.text for event in events if event.text]


class Held:
    """The use case behind a gate, and how many messages each of its transactions had."""

    def __init__(self, room: Replica) -> None:
        self._lots: Any = room.live.sessions.lots
        self.sizes: list[int] = []
        self.opened = threading.Event()
        room.live.talk._everyday = self  # type: ignore[assignment]

    def say(self, sayings: Sequence[Saying]) -> Any:
        self.sizes.append(len(sayings))
        self.opened.wait(5)
        return self._lots.say(sayings)


async def test_those_who_speak_while_others_are_stored_are_stored_together(
    room: Replica, ward: Ward
) -> None:
    opens_another_room(ward)
    held, talk = Held(room), room.live.talk
    said = []
    for number in range(12):
        session_id = OTHER_ROOM if number % 2 else "s-1"
        each = saying(by_patient("p-1"), f"line {number}", session_id=session_id)
        said.append(asyncio.create_task(talk.say(each.call, each.command)))
        await asyncio.sleep(0.01)
    held.opened.set()
    events = await asyncio.gather(*said)
    assert sum(held.sizes) == 12
    assert len(held.sizes) <= 4
    assert heard(ward) == [f"line {number}" for number in range(0, 12, 2)]
    assert [event.number for event in events[::2]] == sorted(event.number for event in events[::2])


async def test_a_room_that_is_contended_holds_up_no_other(
    room: Replica, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another process holds the head of one room's log: its transaction always loses."""
    opens_another_room(ward)
    say_together = ward.sessions.lots._say_together
    transact, is_let_go = ward.store.engine.transact, threading.Event()

    def losing(deadline: Any, body: Any) -> Any:
        for _ in range(500):
            try:
                return transact(deadline, body)
            except ZeroDivisionError:
                is_let_go.wait(0.01)
        raise AssertionError("nobody let go")

    def contended(tx: Any, sayings: Sequence[Saying], floors: Any) -> Any:
        if not is_let_go.is_set() and any(each.command.session_id == "s-1" for each in sayings):
            raise ZeroDivisionError
        return say_together(tx, sayings, floors)

    monkeypatch.setattr(ward.store.engine, "transact", losing)
    monkeypatch.setattr(ward.sessions.lots, "_say_together", contended)
    held, talk, said = Held(room), room.live.talk, []
    for session_id in ("s-9", "s-1", OTHER_ROOM):  # the first goes alone, the others together
        each = saying(by_patient("p-1"), "good morning", session_id=session_id)
        said.append(asyncio.create_task(talk.say(each.call, each.command)))
        await asyncio.sleep(0.02)
    held.opened.set()
    assert (await said[2]).text == "good morning"
    assert not said[1].done()
    is_let_go.set()
    assert (await said[1]).text == "good morning"
    assert held.sizes == [1, 2, 1, 1]
    with pytest.raises(NotFound):
        await said[0]


@pytest.fixture
def lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd is waited for as long as it takes."""
    monkeypatch.setattr(talk_module, "LINGER_SECONDS", 30.0)
    monkeypatch.setattr(talk_module, "LINGER_LOTS", 1e9)


async def test_who_speaks_before_a_lot_is_stored_goes_with_it(room: Replica, ward: Ward) -> None:
    opens_another_room(ward)
    held, talk, said = Held(room), room.live.talk, []
    for session_id in ("s-1", OTHER_ROOM, OTHER_ROOM, OTHER_ROOM):
        each = saying(by_patient("p-1"), "good morning", session_id=session_id)
        said.append(asyncio.create_task(talk.say(each.call, each.command)))
        await asyncio.sleep(0.02)
    held.opened.set()
    await asyncio.gather(*said)
    assert held.sizes == [1, 3]


@pytest.mark.usefixtures("lingering")
async def test_a_crowd_that_was_answered_is_waited_for_though_nobody_speaks_yet(
    room: Replica, ward: Ward
) -> None:
    held, talk = Held(room), room.live.talk
    held.opened.set()

    async def speak(number: int) -> None:
        for text in ("one", "two"):
            each = saying(by_patient("p-1"), f"{text} {number}")
            await talk.say(each.call, each.command)

    await asyncio.gather(*(speak(number) for number in range(4)))
    assert held.sizes == [4, 4]
    assert len(heard(ward)) == 8


@pytest.mark.usefixtures("lingering")
async def test_in_a_crowd_those_who_were_just_answered_are_waited_for(
    room: Replica, ward: Ward
) -> None:
    held, talk = Held(room), room.live.talk

    async def speak(number: int) -> None:
        for text in ("one", "two"):
            each = saying(by_patient("p-1"), f"{text} {number}")
            await talk.say(each.call, each.command)

    speaking = [asyncio.create_task(speak(number)) for number in range(4)]
    late = saying(by_patient("p-2"), "late")
    await asyncio.sleep(0.05)
    speaking.append(asyncio.create_task(talk.say(late.call, late.command)))
    await asyncio.sleep(0.05)
    held.opened.set()
    await asyncio.gather(*speaking)
    assert held.sizes == [4, 5]
    assert len(heard(ward)) == 9


async def test_a_lot_has_a_bound(
    room: Replica, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk_module, "MOST", 4)
    held = Held(room)
    held.opened.set()
    lines = [saying(by_patient("p-1"), f"line {number}") for number in range(11)]
    await asyncio.gather(*(room.live.talk.say(each.call, each.command) for each in lines))
    assert max(held.sizes) == 4
    assert heard(ward) == [f"line {number}" for number in range(11)]


async def test_a_worrying_word_among_others_is_told_and_all_are_heard(
    room: Replica, ward: Ward
) -> None:
    held = Held(room)
    lines = [
        saying(by_patient("p-1"), "one"),
        saying(by_patient("p-2"), WORRYING),
        saying(by_facilitator(), "two"),
        saying(by_patient("p-2"), "x" * 2001),
    ]
    said = [asyncio.create_task(room.live.talk.say(each.call, each.command)) for each in lines]
    held.opened.set()
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        RoomEvent,
        RoomEvent,
        RoomEvent,
        InvalidArgument,
    ]
    assert sorted(heard(ward)) == [WORRYING, "one", "two"]
    (raised,) = ward.store.emitted(events_pb2.ChatRiskRaised)
    assert raised.number == outcomes[1].number


async def test_a_fault_that_nobody_foresaw_is_met_by_each_alone(
    room: Replica, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(ward.sessions.lots, "_say_together", failing)
    lines = [saying(by_patient("p-1"), "one"), saying(by_patient("p-9"), "two")]
    said = [room.live.talk.say(each.call, each.command) for each in lines]
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RoomEvent, NotFound]


async def test_a_transaction_that_cannot_even_begin_is_heard_by_all_who_wait(room: Replica) -> None:
    async def busy(*_: Any) -> Any:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    room.live.talk._run = busy
    lines = [saying(by_patient("p-1"), "one"), saying(by_patient("p-2"), "two")]
    said = [room.live.talk.say(each.call, each.command) for each in lines]
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


async def test_who_goes_while_they_wait_holds_nobody_up(room: Replica, ward: Ward) -> None:
    held = Held(room)
    lines = [saying(by_patient("p-1"), f"line {number}") for number in range(3)]
    said = [asyncio.create_task(room.live.talk.say(each.call, each.command)) for each in lines]
    await asyncio.sleep(0.05)
    said[1].cancel()
    held.opened.set()
    await asyncio.gather(*said, return_exceptions=True)
    assert not said[0].exception()
    assert not said[2].exception()
    assert "line 0" in heard(ward)
    for _ in range(1000):  # a crowd is waited for a moment
        if room.live.talk._rooms:
            await asyncio.sleep(0.01)
    assert room.live.talk._rooms == {}


async def test_what_a_process_stored_and_did_not_hand_on_is_heard_all_the_same(
    room: Replica, ward: Ward
) -> None:
    """As if it had died between the two: here by the next sweep, elsewhere by the change stream."""
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    each = saying(by_patient("p-1"), "stored")
    (event,) = say_all(ward, each)
    assert (await ben.hears("stored")).number == event.number
    again = ana.say("stored", each.call.once.request_id)  # type: ignore[union-attr]
    assert (await ana.next("refusal")).request_id == again  # another print: nothing is said twice
    assert heard(ward) == ["stored"]


async def test_an_event_that_is_handed_on_is_the_one_that_is_stored(
    room: Replica, ward: Ward
) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    ana.say("good morning")
    live = await ben.hears("good morning")
    again = await room.joins(by_patient("p-2"), room_cursor=live.number - 1)
    assert await again.hears("good morning") == live
