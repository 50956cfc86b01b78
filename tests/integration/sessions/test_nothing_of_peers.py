"""Two patients and a facilitator meet: no byte that one patient receives tells who the other is.

Planted are ids, name, numbers, addresses of either kind: in what the other attests, brings in
headers, connects from, and smuggles into frames. The peer's whole connection is recorded.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import activities_pb2 as activities
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb
from prometheus_client import REGISTRY, generate_latest

from chassis import log
from chassis.call import Role
from chassis.telemetry import tracing
from services.sessions.codec.attested import timestamp
from tests.integration.sessions.clinic import WEBSOCKET, Attendance, Clinic, Person
from tests.integration.sessions.proxy import Proxy

ANA, BEN = "planted-person-ana", "planted-person-ben"
NAME, EMAIL, PHONE = "Plantina Planted", "plantina@planted.example", "+15405550142"
STREET, HERE, AFAR = "77 Planted Street", "127.0.0.77", "203.0.113.77"
ALIASES = {ANA: "Amber Heron 42", BEN: "Quiet Lynx 17"}
OF_ANA = tuple(each.encode() for each in (ANA, NAME, EMAIL, PHONE, STREET, HERE, AFAR))
FORGED = "Forged Falcon 99"
CALM = {"heartbeat_seconds": 60.0, "silence_seconds": 180.0, "signal_answer_seconds": 10.0}


@pytest.fixture
def spans(tmp_path: Path) -> Iterator[Path]:
    """Where the api's spans go."""
    yield tmp_path / "spans"
    tracing.configure("test", "test")


class Meeting:
    """A room on one replica, each patient behind a network of their own."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack, spans: Path) -> None:
        self.clinic, self._stack, self._spans = clinic, stack, spans
        self.logged = io.StringIO()
        self.trailers: list[str] = []  # what came to Ben in headers and refusals

    async def opens(self) -> Meeting:
        self.clinic.counts(**CALM)
        self.clinic.schedules(patients=list(ALIASES), named=False)
        for patient_id, alias in ALIASES.items():
            given = intake.AliasAssigned(patient_id=patient_id, group_id="g-1", alias=alias)
            self.clinic.hears(given)
        replica = self.clinic.replica(trace_export=f"file:{self._spans}")
        self._address = await self._stack.enter_async_context(replica)
        log.configure("sessions", "api", stream=self.logged)  # as the process does, but to here
        self.hers, self.ana = await self._comes(ANA, source=HERE)
        self.his, self.ben = await self._comes(BEN, source="127.0.0.78")
        self.ana.metadata += (("x-forwarded-for", AFAR), ("x-name", NAME), ("x-email", EMAIL))
        self.lead = self.clinic.person(self._address, "f-1", Role.CLINICIAN)
        self._stack.push_async_callback(self.lead.close)
        await self.lead.changes("StartSession", session_id="s-1")
        await self.ana.changes("AttestLocation", **attested(ANA, STREET, PHONE))
        await self.ben.changes("AttestLocation", **attested(BEN, "1 Own Road", "+15405550101"))
        return self

    async def _comes(self, patient_id: str, *, source: str) -> tuple[Proxy, Person]:
        way = self.clinic.way(self._address)
        proxy = await self._stack.enter_async_context(Proxy(way, source=source))
        token = self.clinic.issuer.issue(self.clinic.tenant_id, patient_id, [Role.PATIENT])
        if self.clinic.wire == WEBSOCKET:
            person = Person(self._address, token, patient_id, browser=proxy.address)
        else:
            person = Person(proxy.address, token, patient_id)
        self._stack.push_async_callback(person.close)
        return proxy, person

    async def refuses_ben(self, method: str, **fields: Any) -> None:
        """Keep all that comes with a refusal."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.ben.call(method, **fields)
        self.trailers.append(repr((refused.value, refused.value.initial_metadata())))
        self.trailers.append(repr((refused.value.details(), refused.value.trailing_metadata())))

    async def is_over(self, attendance: Attendance) -> None:
        """Read to the end, and keep what comes with it."""
        await attendance.until_lost()
        if self.clinic.wire != WEBSOCKET:
            metadata = await attendance.stream.initial_metadata()
            self.trailers.append(repr((metadata, await attendance.stream.trailing_metadata())))
            self.trailers.append(await attendance.stream.details())


def attested(patient_id: str, address: str, callback_number: str) -> dict[str, str]:
    return {
        "patient_id": patient_id,
        "state": "VA",
        "address": address,
        "callback_number": callback_number,
    }


def smuggled(frame: Message) -> bytes:
    """A frame with fields that the contract has not, around and in it: a name and an alias."""
    # Fields 100, 101 and 102, each of a length and as many bytes.
    extra = b"".join(
        bytes([0xA2 + 8 * place, 0x06, len(text)]) + text.encode()
        for place, text in enumerate((FORGED, NAME, ANA))
    )
    kind = frame.WhichOneof("frame")
    inner = getattr(frame, str(kind)).SerializeToString() + extra
    number = frame.DESCRIPTOR.fields_by_name[str(kind)].number
    return bytes([number << 3 | 2]) + varint(len(inner)) + inner + extra


def varint(number: int) -> bytes:
    """As protobuf writes a length."""
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


async def ana_s_hour(meeting: Meeting) -> Attendance:
    """She comes, speaks, smuggles, calls for help, is refused, goes, and comes again."""
    hers = meeting.ana.attends()
    hello = pb.AttendSessionRequest(hello=await meeting.ana.hello())
    await hers.stream.write(smuggled(hello))
    await hers.next("welcome")
    await hers.say("good evening")
    chat = pb.Chat(request_id=str(uuid4()), text="as somebody else")
    await hers.stream.write(smuggled(pb.AttendSessionRequest(chat=chat)))
    await hers.hears("as somebody else")
    await hers.say("")
    assert (await hers.next("refusal")).reason == "TEXT_REQUIRED"
    await raises_a_hand(hers)
    await hers.press()
    signal_id = (await hers.next("private_event")).safety_signal.safety_signal_id
    opened = crisis.CaseOpened(
        case_id="k-1",
        patient_id=ANA,
        severity=crisis.SEVERITY_HIGH,
        safety_signal_id=signal_id,
        open_time=timestamp(meeting.clinic.clock.now()),
    )
    meeting.clinic.hears(opened)
    await meeting.refuses_ben("GetSafetySignal", safety_signal_id=signal_id)
    await hers.send(leave=pb.Leave())
    await hers.next("goodbye")
    return await meeting.ana.joins()


async def raises_a_hand(hers: Attendance) -> None:
    """And whatever else one does besides speaking, under a made-up name where it has a place."""
    await hers.send(raise_hand=activities.RaiseHand(request_id=str(uuid4())))
    thanks = activities.REACTION_THANKS
    await hers.send(react=activities.React(request_id=str(uuid4()), reaction=thanks))
    await hers.next("room_event", lambda each: each.reaction == thanks)
    await hers.send(give_mood=activities.GiveMood(request_id=str(uuid4()), value=1))
    await hers.send(lower_hand=activities.LowerHand(request_id=str(uuid4()), alias=FORGED))
    await hers.next("refusal")


async def ben_s_hour(meeting: Meeting, his: Attendance) -> None:
    """He hears it, asks for what is not his, and goes."""
    await his.next("room_event", lambda each: each.kind == resources.ROOM_EVENT_KIND_LEFT)
    mine = {"session_id": "s-1", "patient_id": ANA}
    await meeting.refuses_ben("GetAttendance", **mine)
    await meeting.refuses_ben("GetSession", session_id="s-2")
    await meeting.refuses_ben("RaiseSafetySignal", request_id=str(uuid4()), **mine)
    await meeting.refuses_ben("ListAttendance", session_id="s-1")
    session = (await meeting.ben.call("GetSession", session_id="s-1")).session
    meeting.trailers.append(repr(session))
    stranger = meeting.ben.attends()
    await stranger.send(hello=await meeting.ben.hello("s-2"))
    await meeting.is_over(stranger)
    again = await meeting.ben.joins()  # from the room's first event on; it replaces the other
    await again.hears("as somebody else")
    await meeting.is_over(his)
    await meeting.lead.changes("EndSession", session_id="s-1")
    await again.next("goodbye")
    await meeting.is_over(again)


async def test_no_byte_of_a_peer_s_connection_tells_who_the_other_is(
    clinic: Clinic, stack: AsyncExitStack, wire: str, spans: Path
) -> None:
    clinic.wire = wire
    meeting = await Meeting(clinic, stack, spans).opens()
    theirs, his = await meeting.lead.joins(), await meeting.ben.joins()
    hers = await ana_s_hour(meeting)
    await ben_s_hour(meeting, his)
    await hers.next("goodbye")

    await theirs.next("goodbye")

    received = bytes(meeting.his.delivered)
    for said in ("as somebody else", ALIASES[ANA], "Facilitator"):
        assert said.encode() in received, "the connection was not recorded as it came"
    assert found(received, OF_ANA) == set()
    assert found(repr(meeting.trailers).encode(), OF_ANA) == set()
    # The name that she made up is nobody's, for nobody: not for the facilitator either.
    for attendance in (his, theirs, hers):
        told_of = b"".join(frame.SerializeToString() for frame in attendance.frames)
        assert FORGED.encode() not in told_of
        assert {each.alias for each in attendance.events if each.text} == {ALIASES[ANA]}

    tracing.flush()
    traced = await asyncio.to_thread(spans.read_bytes)
    assert traced.count(b"AttendSession") >= 4
    for what in (traced, meeting.logged.getvalue().encode(), generate_latest(REGISTRY)):
        assert found(what, (*OF_ANA, BEN.encode(), FORGED.encode())) == set()


def found(in_what: bytes, planted: tuple[bytes, ...]) -> set[bytes]:
    """What is planted and lies there."""
    return {each for each in planted if each in in_what}
