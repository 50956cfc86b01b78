"""One participant's stream, from the hello to the goodbye."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from haven.sessions.v1 import resources_pb2, sessions_pb2
from prometheus_client import REGISTRY

from chassis.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    HavenError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from services.sessions.domain.commands import Lead
from services.sessions.live import stream as stream_module
from tests.unit.sessions.lobby import Client, Replica, replica
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

QUICK = {"hello_seconds": 0.1, "heartbeat_seconds": 0.2, "silence_seconds": 30.0}


@pytest.fixture
def ward() -> Ward:
    opened = Ward(dict(QUICK))
    opened.opens()
    return opened


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


async def ended_with(room: Replica, frame: dict[str, object] | None) -> HavenError:
    client = room.connects(by_patient())
    if frame is not None:
        client.send(**frame)
    with pytest.raises(HavenError) as error:
        await client.end()
    return error.value


async def test_a_stream_without_a_hello_ends_in_time(room: Replica) -> None:
    error = await ended_with(room, None)
    assert isinstance(error, DeadlineExceeded)
    assert error.reason == "HELLO_MISSING"


async def test_a_stream_must_begin_with_a_hello(room: Replica) -> None:
    error = await ended_with(room, {"heartbeat": sessions_pb2.Heartbeat()})
    assert isinstance(error, InvalidArgument)
    assert error.reason == "HELLO_MISSING"


async def test_an_unknown_session_is_not_found(room: Replica) -> None:
    hello = sessions_pb2.Hello(session_id="s-9")
    assert isinstance(await ended_with(room, {"hello": hello}), NotFound)


async def test_the_door_says_what_is_missing() -> None:
    ward = Ward({**QUICK, "location_seconds": 60.0})
    ward.opens()
    ward.pass_time(seconds=90)
    async with replica(ward) as room:
        hello = sessions_pb2.Hello(session_id="s-1", join_ticket=ward.ticket(by_patient()))
        assert (await ended_with(room, {"hello": hello})).reason == "LOCATION_STALE"


async def test_a_welcome_shows_aliases_and_nothing_else(room: Replica) -> None:
    await room.joins(by_patient("p-2"))
    client = room.connects(by_patient("p-1"))
    client.hello()
    welcome = await client.next("welcome")
    assert welcome.alias == "Blue Heron 4"
    assert {each.alias for each in welcome.participants} == {"Blue Heron 4", "Red Fox 7"}
    assert all(each.patient_id == "" for each in welcome.participants)


async def test_everyone_hears_the_same_in_the_same_order(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    lead = await room.joins(by_facilitator())
    for number in range(5):
        for client in (ana, ben, lead):
            client.say(f"{number} from {client is lead}")
    heard = [[await next_chat(client) for _ in range(15)] for client in (ana, ben, lead)]
    assert heard[0] == heard[1] == heard[2]
    numbers = [number for number, _ in heard[0]]
    assert numbers == list(range(numbers[0], numbers[0] + 15))


async def next_chat(client: Client) -> tuple[int, str]:
    event = await client.next(
        "room_event", lambda each: each.kind == resources_pb2.ROOM_EVENT_KIND_CHAT
    )
    return event.number, event.text


async def test_staff_see_who_is_behind_an_alias_and_peers_do_not(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    lead = await room.joins(by_facilitator())
    ana.say("good morning")
    assert (await lead.hears("good morning")).patient_id == "p-1"
    peer = await ben.hears("good morning")
    assert (peer.alias, peer.patient_id) == ("Blue Heron 4", "")


async def test_what_was_said_is_acknowledged_with_its_number(room: Replica) -> None:
    ana = await room.joins(by_patient())
    request_id = ana.say("good morning")
    receipt = await ana.next("receipt")
    assert receipt.request_id == request_id


async def test_the_same_message_sent_again_is_in_the_room_once(room: Replica) -> None:
    ana = await room.joins(by_patient())
    request_id = ana.say("good morning")
    first = await ana.next("receipt")
    ana.say("good morning", request_id)
    again = await ana.next("receipt")
    ana.say("anything else")
    event = await ana.hears("anything else")
    assert first.number == again.number
    assert event.number == first.number + 1


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        (sessions_pb2.Chat(request_id=str(uuid4()), text="x" * 2001), "TEXT_TOO_LONG"),
        (sessions_pb2.Chat(request_id=str(uuid4()), text=" "), "TEXT_REQUIRED"),
        (sessions_pb2.Chat(request_id="one", text="good morning"), "REQUEST_ID_INVALID"),
    ],
)
async def test_a_frame_that_cannot_be_accepted_does_not_end_the_stream(
    room: Replica, chat: sessions_pb2.Chat, reason: str
) -> None:
    ana = await room.joins(by_patient())
    ana.send(chat=chat)
    refusal = await ana.next("refusal")
    assert (refusal.request_id, refusal.reason) == (chat.request_id, reason)
    ana.say("still here")
    await ana.hears("still here")


async def test_a_second_hello_and_an_empty_frame_are_refused(room: Replica) -> None:
    ana = await room.joins(by_patient())
    ana.hello()
    ana.send()
    reasons = [(await ana.next("refusal")).reason for _ in range(2)]
    assert reasons == ["HELLO_REPEATED", "FRAME_UNKNOWN"]


async def test_who_speaks_too_fast_is_told_and_the_room_goes_on(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    for number in range(20):
        ana.say(f"line {number}")
    assert (await ana.next("refusal")).reason == "RATE_LIMITED"
    ben.say("good morning")
    await ana.hears("good morning")


async def test_a_flood_ends_the_flooders_stream_alone(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    for _ in range(150):
        ana.beat()
    with pytest.raises(ResourceExhausted) as error:
        await ana.end()
    assert error.value.reason == "FRAMES_TOO_MANY"
    ben.say("good morning")
    await ben.hears("good morning")


async def test_a_silent_client_is_let_go(ward: Ward) -> None:
    ward = Ward({**QUICK, "silence_seconds": 0.2})
    ward.opens()
    async with replica(ward) as room:
        ana = await room.joins(by_patient())
        with pytest.raises(DeadlineExceeded) as error:
            await ana.end()
        assert error.value.reason == "HEARTBEAT_MISSING"


async def test_a_quiet_room_is_pinged(room: Replica) -> None:
    ana = await room.joins(by_patient())
    await ana.next("ping")


async def test_leaving_is_answered_and_seen(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    ana.leave()
    goodbye = await ana.next("goodbye")
    await ana.end()
    assert goodbye.reason == sessions_pb2.GOODBYE_REASON_LEFT
    left = await ben.next(
        "room_event", lambda each: each.kind == resources_pb2.ROOM_EVENT_KIND_LEFT
    )
    assert left.alias == "Blue Heron 4"


async def test_after_a_cut_nothing_is_missing_and_nothing_comes_twice(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    ben.say("one")
    seen = (await ana.hears("one")).number
    ana.cut()
    for text in ("two", "three"):
        ben.say(text)
        await ben.hears(text)
    again = await room.joins(by_patient("p-1"), room_cursor=seen)
    ben.say("four")
    last = await again.hears("four")
    events = [
        frame.room_event for frame in again.frames if frame.WhichOneof("frame") == "room_event"
    ]
    assert [event.text for event in events] == ["two", "three", "four"]
    assert [event.number for event in events] == list(range(seen + 1, last.number + 1))


async def test_the_second_device_replaces_the_first(room: Replica) -> None:
    phone = await room.joins(by_patient())
    laptop = await room.joins(by_patient())
    goodbye = await phone.next("goodbye")
    await phone.end()
    assert goodbye.reason == sessions_pb2.GOODBYE_REASON_REPLACED
    laptop.say("still here")
    await laptop.hears("still here")


async def test_on_another_replica_the_first_device_learns_it_with_its_heartbeat(
    room: Replica, ward: Ward
) -> None:
    phone = await room.joins(by_patient())
    async with replica(ward) as elsewhere:
        await elsewhere.joins(by_patient())
        phone.beat()
        goodbye = await phone.next("goodbye")
    assert goodbye.reason == sessions_pb2.GOODBYE_REASON_REPLACED


async def test_two_replicas_hear_each_other_by_the_log_alone(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient("p-1"))
    async with replica(ward) as elsewhere:
        ben = await elsewhere.joins(by_patient("p-2"))
        ana.say("good morning")
        await ben.hears("good morning")
        ben.say("good morning to you")
        await ana.hears("good morning to you")


async def test_a_patient_waits_at_the_door_and_is_let_in_by_the_start() -> None:
    ward = Ward(dict(QUICK))
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        ana.say("is anybody there")
        assert (await ana.next("refusal")).reason == "NOT_ADMITTED"
        ward.starts()
        await ana.next("welcome")
        ana.say("good morning")
        await ana.hears("good morning")


async def test_a_patient_who_waits_can_call_for_help() -> None:
    ward = Ward(dict(QUICK))
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        ana.press()
        event = await ana.next("private_event")
        assert event.safety_signal.state == resources_pb2.SAFETY_SIGNAL_STATE_NOBODY_YET


async def test_a_door_that_closed_meanwhile_ends_the_wait_with_its_reason() -> None:
    ward = Ward({**QUICK, "location_seconds": 60.0})
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        ward.pass_time(seconds=90)
        ward.starts()
        with pytest.raises(FailedPrecondition) as error:
            await ana.end()
        assert error.value.reason == "LOCATION_STALE"


async def test_the_end_of_the_session_is_the_end_of_the_stream(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient())
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    goodbye = await ana.next("goodbye")
    await ana.end()
    assert goodbye.reason == sessions_pb2.GOODBYE_REASON_SESSION_ENDED
    assert ana.frames[-2].room_event.kind == resources_pb2.ROOM_EVENT_KIND_SESSION_ENDED


async def test_who_lost_the_seat_is_shown_out_with_the_reason(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient())
    ward.schedules(version=2, patient_ids=["p-2"])
    ana.beat()
    with pytest.raises(FailedPrecondition) as error:
        await ana.end()
    assert error.value.reason == "SEAT_RELEASED"


async def test_a_slow_reader_is_told_to_resume_and_slows_nobody(ward: Ward) -> None:
    async with replica(ward, reader_queue=6) as room:
        slow, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
        slow.wire.is_open.clear()
        for number in range(9):
            ben.say(f"line {number}")
            await ben.hears(f"line {number}")
        slow.wire.is_open.set()
        goodbye = await slow.next("goodbye")
        await slow.end()
        assert goodbye.reason == sessions_pb2.GOODBYE_REASON_RESUME


async def test_a_reader_that_takes_nothing_at_all_is_let_go(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "LAST_WORD_SECONDS", 0.05)
    async with replica(ward, reader_queue=6) as room:
        stuck, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
        stuck.wire.is_open.clear()
        for number in range(9):
            ben.say(f"line {number}")
            await ben.hears(f"line {number}")
        with pytest.raises(ResourceExhausted) as error:
            await stuck.end()
        assert error.value.reason == "READER_TOO_SLOW"


async def test_a_replica_that_leaves_sends_everybody_elsewhere(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    await room.live.hub.drain()
    for client in (ana, ben):
        goodbye = await client.next("goodbye")
        await client.end()
        assert goodbye.reason == sessions_pb2.GOODBYE_REASON_RESUME_ELSEWHERE
    with pytest.raises(Unavailable):
        await room.connects(by_patient()).end()


async def test_hellos_are_counted_by_what_became_of_them(room: Replica) -> None:
    before = {outcome: _joins(outcome) for outcome in ("entered", "resumed", "refused")}
    await room.joins(by_patient())
    await room.joins(by_patient())
    await ended_with(room, {"hello": sessions_pb2.Hello(session_id="s-9")})
    assert {outcome: _joins(outcome) - count for outcome, count in before.items()} == {
        "entered": 1,
        "resumed": 1,
        "refused": 1,
    }


def _joins(outcome: str) -> float:
    name, labels = "haven_sessions_joins_total", {"outcome": outcome}
    return REGISTRY.get_sample_value(name, labels) or 0.0
