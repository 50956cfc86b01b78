"""Frames that wait together go together, to those who read that; encoded once for all readers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from haven.sessions.v1 import sessions_pb2

from services.sessions.codec import frames
from services.sessions.domain.log import RoomEvent
from services.sessions.live import pen as pen_module
from services.sessions.live.pen import Pen
from tests.unit.sessions.lobby import Answer, QueueWire, Replica, replica
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

CALM = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0, "chat_burst": 100}


@pytest.fixture
def ward() -> Ward:
    opened = Ward(dict(CALM))
    opened.opens()
    return opened


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


def refusal(length: int) -> Answer:
    return frames.refusal("", "x" * length)


@pytest.mark.parametrize(
    "lengths", [(0,), (0, 1), (121, 122, 123), (127, 128, 16_383, 16_384), (9,) * 300]
)
def test_frames_put_together_read_as_each_of_them_in_order(lengths: tuple[int, ...]) -> None:
    made = [refusal(length) for length in lengths]
    first, others = frames.Encoded(made[:1]), frames.Encoded(made[1:])
    message = frames.message_of([first.together, others.together])
    read = Answer.FromString(message)
    assert list(read.frames.frames) == made
    assert read.SerializeToString() == message
    assert [*first.frames, *others.frames] == [each.SerializeToString() for each in made]


async def test_a_message_has_a_bound_however_much_waits() -> None:
    wire = QueueWire()
    pen, frame = Pen(wire, is_together=True), frames.Encoded([refusal(1000)])
    for _ in range(200):
        await pen.put(frame)
    await pen.flush()
    await pen.flush()
    assert len(wire.messages) > 2
    assert max(map(len, wire.messages)) < pen_module.MOST_BYTES + 2_000
    assert wire.received.qsize() == 200


async def test_what_waits_for_a_slow_reader_comes_as_one_message(room: Replica) -> None:
    slow = await room.joins(by_patient("p-1"), reads_frames=True)
    ben = await room.joins(by_patient("p-2"))
    slow.wire.is_open.clear()
    for number in range(20):
        ben.say(f"line {number}")
        await ben.hears(f"line {number}")
    before = len(slow.wire.messages)
    slow.wire.is_open.set()
    await slow.hears("line 19")
    assert len(slow.wire.messages) - before <= 3
    assert numbers(slow.frames) == numbers(ben.frames)


def numbers(seen: list[Answer]) -> list[int]:
    events = [each.room_event for each in seen if each.WhichOneof("frame") == "room_event"]
    return [event.number for event in events if event.text]


async def test_an_answer_and_the_event_that_it_is_of_come_as_one_message(room: Replica) -> None:
    ana = await room.joins(by_patient(), reads_frames=True)
    ana.say("good morning")
    await ana.hears("good morning")
    last = Answer.FromString(ana.wire.messages[-1])
    kinds = [each.WhichOneof("frame") for each in last.frames.frames]
    assert kinds == ["receipt", "room_event"]


async def test_a_client_that_does_not_ask_for_it_gets_each_frame_by_itself(room: Replica) -> None:
    ana = await room.joins(by_patient())
    ana.say("good morning")
    await ana.hears("good morning")
    kinds = [Answer.FromString(each).WhichOneof("frame") for each in ana.wire.messages]
    assert "frames" not in kinds
    assert kinds[0] == "welcome"


async def test_who_comes_back_gets_what_was_missed_in_few_messages(
    room: Replica, ward: Ward
) -> None:
    await room.joins(by_facilitator())
    for number in range(450):
        ward.says(by_facilitator(), f"line {number}")
    ana = await room.joins(by_patient(), reads_frames=True)
    await ana.hears("line 449")
    assert len(numbers(ana.frames)) == 450
    assert len(ana.wire.messages) < 10


async def test_an_event_is_encoded_once_for_staff_and_once_for_peers(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))]
    lead = await room.joins(by_facilitator())
    await lead.next("room_event", lambda each: each.number == 4)
    encoded: list[tuple[str, bool]] = []
    encode = frames.room_event

    def counted(event: RoomEvent, *, for_staff: bool) -> sessions_pb2.AttendSessionResponse:
        if event.text:  # that somebody came may be told to the others only now
            encoded.append((event.text, for_staff))
        return encode(event, for_staff=for_staff)

    monkeypatch.setattr(frames, "room_event", counted)
    people[0].say("good morning")
    for each in (*people, lead):
        await each.hears("good morning")
    assert sorted(encoded) == [("good morning", False), ("good morning", True)]
    first, second = (_chat_bytes(each.wire) for each in people)
    assert first == second


def _chat_bytes(wire: QueueWire) -> bytes:
    return next(each for each in wire.messages if b"good morning" in each)
