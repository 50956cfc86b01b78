"""Hands, reactions, polls and moods as frames of a participant's stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2
from haven.sessions.v1.sessions_pb2 import AttendSessionRequest
from prometheus_client import REGISTRY

from chassis.call import Call
from chassis.errors import Unavailable
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Say
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.whisper import PrivateWord
from services.sessions.live import overhearing
from services.sessions.live.acts import ACTS
from tests.unit.sessions.lobby import Client, Replica, replica
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient
from tests.waiting import eventually

HERON = "Blue Heron 4"
WORRYING = "I want to kill myself"
NUMBERS = {"heartbeat_seconds": 30.0, "silence_seconds": 90.0, "mood_burst": 3}


@pytest.fixture
def ward() -> Ward:
    ward = Ward(dict(NUMBERS))
    ward.opens()
    return ward


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


def key() -> str:
    return str(uuid4())


async def happens(client: Client, kind: int) -> resources.RoomEvent:
    event: resources.RoomEvent = await client.next("room_event", lambda each: each.kind == kind)
    return event


async def test_a_hand_is_raised_seen_and_lowered_by_the_facilitator(room: Replica) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    lead = await room.joins(by_facilitator())
    request_id = key()
    ana.send(raise_hand=pb.RaiseHand(request_id=request_id))
    raised = await happens(ben, resources.ROOM_EVENT_KIND_HAND_RAISED)
    receipt = await ana.next("receipt")
    assert (receipt.request_id, receipt.number) == (request_id, raised.number)
    assert (raised.alias, raised.patient_id) == (HERON, "")
    lead.send(lower_hand=pb.LowerHand(request_id=key(), alias=HERON))
    assert (await happens(ben, resources.ROOM_EVENT_KIND_HAND_LOWERED)).is_by_facilitator


async def test_a_frame_that_comes_three_times_has_one_effect(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient())
    frame = pb.React(request_id=key(), reaction=pb.REACTION_HEART)
    for _ in range(3):
        ana.send(react=frame)
    numbers = {(await ana.next("receipt")).number for _ in range(3)}
    mood = pb.GiveMood(request_id=key(), value=2)
    for _ in range(3):
        ana.send(give_mood=mood)
    assert {(await ana.next("receipt")).number for _ in range(3)} == {0}
    assert len(numbers) == 1
    assert sum(event.reaction is not None for event in ward.room()) == 1
    assert len(ward.private("f-1")) == 1


async def test_a_poll_from_the_question_to_the_counts(room: Replica) -> None:
    ana, lead = await room.joins(by_patient("p-1")), await room.joins(by_facilitator())
    lead.send(
        open_poll=pb.OpenPoll(
            request_id=key(),
            question="Ready?",
            options=["yes", "no"],
            audience=pb.POLL_AUDIENCE_STAFF,
        )
    )
    poll_id = (await happens(ana, resources.ROOM_EVENT_KIND_POLL_OPENED)).poll.poll_id
    late = room.connects(by_patient("p-2"))
    late.hello()
    assert (await late.next("welcome")).open_poll.question == "Ready?"
    ana.send(vote=pb.Vote(request_id=key(), poll_id=poll_id, option=2))
    assert (await ana.next("receipt")).number == 0
    tally = (await lead.next("private_event")).poll_tally
    assert (tally.poll_id, list(tally.counts)) == (poll_id, [0, 1])
    lead.send(close_poll=pb.ClosePoll(request_id=key(), poll_id=poll_id))
    closed = await happens(lead, resources.ROOM_EVENT_KIND_POLL_CLOSED)
    assert list(closed.poll.counts) == [0, 1]
    seen = await happens(late, resources.ROOM_EVENT_KIND_POLL_CLOSED)
    assert (list(seen.poll.counts), seen.poll.is_result_hidden) == ([], True)


async def test_a_mood_is_taken_at_the_door_and_without_a_key() -> None:
    ward = Ward(dict(NUMBERS))
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        ana.send(give_mood=pb.GiveMood(request_id="none", value=1))
        assert (await ana.next("receipt")).number == 0
        _, told = ward.private("f-1")  # after that somebody waits
        assert isinstance(told.about, MoodCheckIn)
        ana.send(raise_hand=pb.RaiseHand(request_id=key()))
        assert (await ana.next("refusal")).reason == "NOT_ADMITTED"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({"raise_hand": pb.RaiseHand(request_id="one")}, "REQUEST_ID_INVALID"),
        ({"lower_hand": pb.LowerHand(request_id=key(), alias="Red Fox 7")}, "NOT_FACILITATOR"),
        ({"react": pb.React(request_id=key())}, "REACTION_UNKNOWN"),
        ({"react": pb.React(request_id=key(), reaction=99)}, "REACTION_UNKNOWN"),
        ({"open_poll": pb.OpenPoll(request_id=key(), question="?")}, "POLL_MALFORMED"),
        ({"vote": pb.Vote(request_id=key(), poll_id="nowhere", option=1)}, "NOT_FOUND"),
        ({"ask_mood": pb.AskMood(request_id=key())}, "NOT_FACILITATOR"),
        ({"report_quality": pb.ReportQuality()}, "QUALITY_INVALID"),
        ({"report_quality": pb.ReportQuality(loss_ratio=2)}, "QUALITY_INVALID"),
    ],
)
async def test_what_cannot_be_accepted_is_refused_with_its_reason(
    room: Replica, frame: dict[str, Any], reason: str
) -> None:
    ana = await room.joins(by_patient())
    ana.send(**frame)
    assert (await ana.next("refusal")).reason == reason
    ana.say("still here")
    await ana.hears("still here")


async def test_too_many_signs_hold_back_neither_a_hand_nor_a_mood(room: Replica) -> None:
    ana = await room.joins(by_patient())
    for _ in range(8):
        ana.send(react=pb.React(request_id=key(), reaction=pb.REACTION_THANKS))
    assert (await ana.next("refusal")).reason == "RATE_LIMITED"
    hand, mood = key(), key()
    ana.send(raise_hand=pb.RaiseHand(request_id=hand))
    await ana.next("receipt", lambda each: each.request_id == hand)
    ana.send(give_mood=pb.GiveMood(request_id=mood, value=5))
    await ana.next("receipt", lambda each: each.request_id == mood)


@pytest.mark.parametrize("kind", sorted(ACTS))
async def test_every_kind_of_frame_has_its_limit(room: Replica, kind: str) -> None:
    ana = await room.joins(by_patient())
    reasons = set()
    message = type(getattr(AttendSessionRequest(), kind))
    for _ in range(14):
        fields = {"request_id": key()} if "request_id" in message.DESCRIPTOR.fields_by_name else {}
        ana.send(**{kind: message(**fields)})
    ana.send()
    while "FRAME_UNKNOWN" not in reasons:
        reasons.add((await ana.next("refusal")).reason)
    assert "RATE_LIMITED" in reasons


async def test_a_bad_connection_is_told_to_staff_without_a_receipt(room: Replica) -> None:
    ana, lead = await room.joins(by_patient()), await room.joins(by_facilitator())
    ana.send(report_quality=pb.ReportQuality(round_trip=Duration(seconds=2)))
    told = (await lead.next("private_event")).connection_quality
    assert (told.alias, told.grade) == (HERON, pb.QUALITY_GRADE_POOR)
    request_id = ana.say("still here")
    assert (await ana.next("receipt")).request_id == request_id


def raised(ward: Ward) -> list[sessions.ChatRiskRaised]:
    return ward.store.emitted(sessions.ChatRiskRaised)


async def test_words_that_worry_are_heard_at_the_door_though_the_room_never_has_them() -> None:
    ward = Ward(dict(NUMBERS))
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        for _ in range(2):
            ana.say(WORRYING, "9d1f8e6c-5b7a-4f43-9a57-0c6f4f1f8f11")
            assert (await ana.next("refusal")).reason == "NOT_ADMITTED"
        await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)
        _, told = ward.private("f-1")  # after that somebody waits
        assert isinstance(told.about, ChatRisk)
        assert (told.alias, told.about.number, ward.room()) == (HERON, 0, [])


async def test_who_speaks_too_fast_is_heard_and_the_same_words_again_are_one_worry() -> None:
    pace = {"chat_burst": 1, "chat_per_second": 5.0, "frame_burst": 1_000_000}
    ward = Ward({**NUMBERS, **pace})
    ward.opens()
    async with replica(ward) as room:
        ana = await room.joins(by_patient())
        ana.say("good morning")
        request_id = ana.say(WORRYING)
        assert (await ana.next("refusal")).reason == "RATE_LIMITED"
        await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)
        number = 0
        while not number:
            ana.say(WORRYING, request_id)
            number = await accepted(ana, request_id)
        (event,) = raised(ward)
        assert event.number == 0
        worries = [each.about for each in ward.private("f-1")]
        assert [each.number for each in worries if isinstance(each, ChatRisk)] == [0, number]


async def test_a_private_word_that_comes_too_fast_is_judged_once_and_goes_later() -> None:
    pace = {"act_burst": 1, "acts_per_second": 5.0, "frame_burst": 1_000_000}
    ward = Ward({**NUMBERS, **pace})
    ward.opens()
    async with replica(ward) as room:
        ana = await room.joins(by_patient())
        ana.send(raise_hand=pb.RaiseHand(request_id=key()))
        request_id = whispers(ana, WORRYING)
        assert (await ana.next("refusal")).reason == "RATE_LIMITED"
        await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)
        while not any(isinstance(each.about, PrivateWord) for each in ward.private("f-1")):
            whispers(ana, WORRYING, request_id)
            await asyncio.wait_for(ana.wire.received.get(), 10)
        assert len(raised(ward)) == 1


@pytest.mark.parametrize("request_id", ["", "none"])
async def test_a_private_word_without_a_usable_key_is_judged_too(
    room: Replica, ward: Ward, request_id: str
) -> None:
    ana = await room.joins(by_patient())
    word = sessions_pb2.SayPrivately(request_id=request_id, text=WORRYING)
    ana.send(say_privately=word)
    assert (await ana.next("refusal")).reason == "REQUEST_ID_INVALID"
    await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)


async def test_a_word_to_staff_from_the_door_is_judged_though_nobody_gets_it() -> None:
    ward = Ward(dict(NUMBERS))
    ward.prepares()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        whispers(ana, WORRYING)
        assert (await ana.next("refusal")).reason == "NOT_ADMITTED"
        await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)
        assert [each.alias for each in ward.private("f-1") if isinstance(each.about, ChatRisk)] == [
            HERON
        ]


def whispers(client: Client, text: str, request_id: str = "") -> str:
    request_id = request_id or key()
    client.send(say_privately=sessions_pb2.SayPrivately(request_id=request_id, text=text))
    return request_id


async def accepted(client: Client, request_id: str) -> int:
    """The number of what was said last; 0 where it was refused."""
    while True:
        frame = await client.wire.received.get()
        match frame.WhichOneof("frame"):
            case "receipt" if frame.receipt.request_id == request_id:
                return int(frame.receipt.number)
            case "refusal":
                return 0


async def test_a_flood_of_refused_words_is_heard_within_bounds_and_the_rest_is_counted() -> None:
    ward = Ward({**NUMBERS, "refused_chat_burst": 3, "refused_chat_per_second": 0.0})
    ward.prepares()

    def unheard() -> float:
        return REGISTRY.get_sample_value("haven_sessions_refused_chat_unheard_total") or 0

    before = unheard()
    async with replica(ward) as room:
        ana = room.connects(by_patient())
        ana.hello()
        await ana.next("waiting")
        for number in range(10):
            ana.say(f"{WORRYING} {number}")
        await asyncio.to_thread(
            eventually, lambda: len(raised(ward)) == 3 and unheard() == before + 7, within=10
        )


async def test_refused_words_are_heard_though_the_store_was_away_for_a_moment(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    overhear, calls = ward.sessions.chats.overhear, 0

    def at_the_second_try(call: Call, command: Say) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("STORE_UNAVAILABLE", "the database does not answer")
        overhear(call, command)

    monkeypatch.setattr(ward.sessions.chats, "overhear", at_the_second_try)
    monkeypatch.setattr(overhearing, "PAUSE_SECONDS", 0.01)
    async with replica(ward) as room:
        ana = await room.joins(by_patient())
        ana.say(WORRYING, "not a key")
        assert (await ana.next("refusal")).reason == "REQUEST_ID_INVALID"
        await asyncio.to_thread(eventually, lambda: len(raised(ward)) == 1, within=10)
