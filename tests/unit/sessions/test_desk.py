"""The call for help is answered in time and truly, whatever the store does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2, resources_pb2

from chassis.errors import HavenError, Internal, NotFound, Unavailable
from chassis.store import Attempt
from services.sessions.domain.case import Help
from services.sessions.domain.commands import RaiseSignal
from services.sessions.live import desk
from tests.unit.sessions.lobby import Client, Replica, replica, written
from tests.unit.sessions.ward import TENANT, Ward, by_facilitator, by_patient
from tests.waiting import eventually

QUICK = {
    "heartbeat_seconds": 0.2,
    "silence_seconds": 30.0,
    "signal_answer_seconds": 10.0,
    "signal_retry_seconds": 20.0,
}
HASTY = {**QUICK, "signal_answer_seconds": 0.1}
KEY = "6c4b6c1c-8f0a-4a1e-9d1a-0a4f3a1f2b3c"
NOBODY_YET = resources_pb2.SAFETY_SIGNAL_STATE_NOBODY_YET


@pytest.fixture
def ward() -> Ward:
    opened = Ward(dict(QUICK))
    opened.opens()
    return opened


@pytest.fixture
async def room(ward: Ward) -> AsyncIterator[Replica]:
    async with replica(ward) as served:
        yield served


@pytest.fixture
async def hasty_room() -> AsyncIterator[Replica]:
    """Where nobody waits for the store for longer than a tenth of a second."""
    ward = Ward(dict(HASTY))
    ward.opens()
    async with replica(ward) as served:
        yield served


class Fault:
    """Stands before the use case and fails, or stands still, until it is mended."""

    def __init__(self, room: Replica, error: HavenError | None = None) -> None:
        signals: Any = room.live.sessions.signals
        self._raise_all, self._error, self.prepare = signals.raise_all, error, signals.prepare
        self.attempts = 0
        self.groups: list[int] = []
        self.left: list[float] = []  # of each attempt's time, as it began
        self.mended = threading.Event()
        room.live.desk._signals = self  # type: ignore[assignment]

    def raise_all(self, presses: Sequence[Attempt[Any]]) -> Any:
        self.attempts += len(presses)
        self.groups.append(len(presses))
        self.left += [each.call.deadline.remaining() for each in presses]
        if self._error is not None and not self.mended.is_set():
            return [self._error for _ in presses]
        self.mended.wait(5)
        return self._raise_all(presses)


def away() -> Unavailable:
    return Unavailable("STORE_UNAVAILABLE", "the database does not answer")


async def pressed(client: Client) -> Any:
    client.press(request_id=KEY)
    return await client.next("private_event")


async def test_a_stored_signal_has_its_place_in_the_private_log(room: Replica) -> None:
    event = await pressed(await room.joins(by_patient()))
    assert (event.number, event.safety_signal.call_number) == (1, "988")


async def test_the_facilitator_learns_at_once_by_alias_and_the_peers_do_not(
    room: Replica,
) -> None:
    ana, ben = await room.joins(by_patient("p-1")), await room.joins(by_patient("p-2"))
    lead = await room.joins(by_facilitator())
    ana.press()
    event = await lead.next("private_event")
    assert (event.safety_signal.alias, event.safety_signal.patient_id) == ("Blue Heron 4", "p-1")
    ana.say("good morning")
    await ben.hears("good morning")
    assert all(frame.WhichOneof("frame") != "private_event" for frame in ben.frames)


def full() -> Internal:
    """A database that answers, and refuses every write."""
    return Internal("STORE_FAULT", "the database refused")


def is_stored(room: Replica, patient_id: str) -> bool:
    return bool(room.live.sessions.private_log.after(TENANT, patient_id, 0, 1))


def odd() -> Any:
    """What nobody expects: a document of a newer release, say."""
    return ValueError("of no known kind")


@pytest.mark.parametrize(
    "error", [away(), full(), odd(), None], ids=["away", "full", "odd", "frozen"]
)
async def test_without_a_store_the_patient_is_told_the_truth_at_once(
    hasty_room: Replica, error: HavenError | None
) -> None:
    room = hasty_room
    ana, lead = await room.joins(by_patient()), await room.joins(by_facilitator())
    fault = Fault(room, error)
    event = await pressed(ana)
    assert (event.number, event.safety_signal.state) == (0, NOBODY_YET)
    assert event.safety_signal.call_number == "988"
    assert (await lead.next("private_event")).number == 0
    fault.mended.set()
    assert (await ana.next("private_event")).number == 1


async def test_a_signal_that_could_not_be_stored_is_tried_again_and_stored_once(
    hasty_room: Replica,
) -> None:
    room = hasty_room
    ana = await room.joins(by_patient())
    fault = Fault(room, away())
    await pressed(ana)
    ana.press(request_id=KEY)
    fault.mended.set()
    await ana.next("private_event", lambda each: each.number == 1)
    assert fault.attempts > 1
    stored = room.live.sessions.private_log.after(TENANT, "p-1", 0, 10)
    assert [event.number for event in stored] == [1]


async def test_a_press_that_cannot_even_be_prepared_takes_no_other_with_it(
    hasty_room: Replica,
) -> None:
    signal_desk = hasty_room.live.desk
    fault = Fault(hasty_room)
    prepare: Any = fault.prepare

    def odd_for_one(call: Any, command: RaiseSignal) -> Any:
        if command.patient_id == "p-1":
            raise odd()
        return prepare(call, command)

    fault.prepare = odd_for_one
    for number in range(4):
        id = f"p-{number}"
        await signal_desk.raise_signal(by_patient(id), RaiseSignal(KEY, id, ""))
    fault.mended.set()
    for each in ("p-0", "p-2", "p-3"):
        await asyncio.to_thread(eventually, partial(is_stored, hasty_room, each), within=20)

    assert not is_stored(hasty_room, "p-1")
    (left,) = signal_desk._storing.values()
    assert not left.done(), "that one is tried again"


async def test_while_it_is_being_stored_the_status_is_nobody_yet(hasty_room: Replica) -> None:
    room = hasty_room
    fault = Fault(room, away())
    command = RaiseSignal(KEY, "p-1", "")
    view = await room.live.desk.raise_signal(by_patient(), command)
    unstored = room.live.desk.unstored(by_patient(), view.signal.id)
    assert unstored is not None
    assert unstored.signal.help is Help.NOBODY_YET
    assert room.live.desk.unstored(by_patient("p-2"), view.signal.id) is None
    fault.mended.set()


async def test_a_signal_that_waits_for_a_thread_loses_none_of_its_time(
    hasty_room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ATTEMPT_SECONDS", 1.0)
    fault, signal_desk = Fault(hasty_room), hasty_room.live.desk
    patients = [f"p-{number}" for number in range(3)]  # one more than there are threads
    for each in patients:
        await signal_desk.raise_signal(by_patient(each), RaiseSignal(KEY, each, ""))
    await asyncio.sleep(1.2)
    fault.mended.set()

    await asyncio.gather(*signal_desk._storing.values())

    assert len(fault.left) >= len(patients)
    assert min(fault.left) > 0.5


async def test_those_who_press_while_others_are_stored_are_stored_together(
    hasty_room: Replica,
) -> None:
    fault, signal_desk = Fault(hasty_room), hasty_room.live.desk
    for number in range(12):  # two threads take one each, and come back for ten
        patient_id = f"p-{number}"
        await signal_desk.raise_signal(by_patient(patient_id), RaiseSignal(KEY, patient_id, ""))
    fault.mended.set()

    views = await asyncio.gather(*signal_desk._storing.values())

    assert {view.signal.patient_id for view in views} == {f"p-{number}" for number in range(12)}
    assert sum(fault.groups) == 12
    assert max(fault.groups) == desk.TOGETHER


async def test_the_wait_for_a_store_has_a_bound() -> None:
    ward = Ward({**HASTY, "signal_retry_seconds": 0.2})
    async with replica(ward) as room:
        Fault(room, away())
        view = await room.live.desk.raise_signal(by_patient(), RaiseSignal(KEY, "p-1", ""))
        (storing,) = room.live.desk._storing.values()
        with pytest.raises(Unavailable):
            await storing
        assert room.live.desk.unstored(by_patient(), view.signal.id) is None


async def test_a_press_without_a_usable_key_is_heard(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient())
    for number in (1, 2):
        ana.press(request_id="not a key")
        await ana.next("private_event", lambda each, want=number: each.number == want)
    assert len(ward.store.emitted(events_pb2.SafetySignalRaised)) == 2


async def test_what_staff_must_mend_is_refused_by_reason(room: Replica) -> None:
    lead = await room.joins(by_facilitator())
    lead.press(patient_id="p-9")
    assert (await lead.next("refusal")).reason == "NOT_FOUND"
    with pytest.raises(NotFound):
        await room.live.desk.raise_signal(by_facilitator(), RaiseSignal(KEY, "p-9", "s-1"))


async def test_a_signal_overtakes_what_the_same_patient_said_before(
    room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await room.joins(by_patient())
    held = threading.Event()
    say = room.live.sessions.lots.say

    def slow(sayings: Any) -> Any:
        held.wait(5)
        return say(sayings)

    monkeypatch.setattr(room.live.sessions.lots, "say", slow)
    ana.say("good morning")
    event = await pressed(ana)
    held.set()
    assert event.number == 1


async def test_a_reconnected_patient_sees_what_is_still_open(room: Replica) -> None:
    ana = await room.joins(by_patient())
    event = await pressed(ana)
    again = room.connects(by_patient())
    again.hello()
    welcome = await again.next("welcome")
    assert [each.safety_signal_id for each in welcome.safety_signals] == [
        event.safety_signal.safety_signal_id
    ]
    assert welcome.private_cursor == 1


async def test_private_events_resume_by_their_own_cursor(room: Replica, ward: Ward) -> None:
    ana = await room.joins(by_patient())
    event = await pressed(ana)
    ana.cut()
    ward.opens_case(event.safety_signal.safety_signal_id)
    again = await room.joins(by_patient(), private_cursor=event.number)
    told = await again.next("private_event")
    assert (told.number, told.safety_signal.state) == (
        2,
        resources_pb2.SAFETY_SIGNAL_STATE_SENT,
    )


@pytest.mark.parametrize("reads_frames", [False, True])
async def test_a_peers_stream_is_the_same_byte_for_byte_with_and_without_a_signal(
    *, reads_frames: bool
) -> None:
    with_one = await what_ben_hears(signal=True, reads_frames=reads_frames)
    assert with_one == await what_ben_hears(signal=False, reads_frames=reads_frames)


async def what_ben_hears(*, signal: bool, reads_frames: bool) -> list[bytes]:
    """Everything that a peer receives of the same ten minutes."""
    ward = Ward({**QUICK, "heartbeat_seconds": 30.0, "silence_seconds": 90.0})
    ward.opens()
    async with replica(ward) as room:
        ben = await room.joins(by_patient("p-2"), reads_frames=reads_frames)
        ana = await room.joins(by_patient("p-1"))
        lead = await room.joins(by_facilitator())
        ana.say("one")
        await ben.hears("one")
        if signal:
            event = await pressed(ana)
            await lead.next("private_event")
            ward.opens_case(event.safety_signal.safety_signal_id)
            await ana.next("private_event")
        ana.say("two")
        await ben.hears("two")
        again = await room.joins(by_patient("p-2"), room_cursor=2, reads_frames=reads_frames)
        await again.hears("two")
        return written((*ben.frames, *again.frames))


async def test_a_patient_whose_backlog_cannot_be_read_is_answered_all_the_same(
    hasty_room: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = hasty_room

    def unreadable(*_: Any) -> Any:
        raise away()

    monkeypatch.setattr(room.live.sessions.room_log, "after", unreadable)
    ana = await room.joins(by_patient())
    fault = Fault(room, away())
    assert (await pressed(ana)).number == 0
    fault.mended.set()
    monkeypatch.undo()
    assert (await ana.next("private_event")).number == 1


async def test_who_presses_and_leaves_at_once_has_called_before_they_went(
    room: Replica, ward: Ward
) -> None:
    ana = await room.joins(by_patient())
    fault = Fault(room)
    ana.press()
    ana.leave()
    going = asyncio.create_task(ana.next("goodbye"))
    await asyncio.wait({going}, timeout=0.3)
    assert not going.done()
    fault.mended.set()
    await going
    (raised,) = ward.store.emitted(events_pb2.SafetySignalRaised)
    (left,) = ward.store.emitted(events_pb2.EndangeredPatientLeft)
    assert left.safety_signal_id == raised.safety_signal_id
