"""From "I am not safe" to the page in a mail server's hands, alone, in storms and beside bulk."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.message import Message
from haven.crisis.v1 import crisis_pb2, crisis_pb2_grpc, events_pb2
from haven.sessions.v1 import sessions_pb2, sessions_pb2_grpc
from kombu import Connection, Exchange, Queue
from pymongo import MongoClient

from chassis.ids import new_id
from cli.demo.cast import RIVERBEND, Story, email_of
from cli.demo.chapters import prologue
from cli.demo.timeline import Timeline
from cli.demo.world import Person, World
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure, percentile
from tests.bench.platform import Platform, platform
from tests.waiting import eventually

ALONE, PAUSE_SECONDS = 60, 0.25
STORMS = (100, 1_000)
BESIDE = 240  # of so many the two slowest may be the machine's own hiccups
BULK_ROWS, BATCH = 150_000, 2_000  # more than are published meanwhile: 100,000 are left
SETTLE_SECONDS = 5.0  # nothing of Haven writes so many rows in so few seconds
BULK_KEY = "bench.bulk.v1"
CLIMBING = 60
AGAIN = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
AGAIN_SECONDS = 0.2
RUNG_SECONDS = 600  # nobody is woken twice while pages are counted
SHORT_RUNG_SECONDS = 5
REFERENCE = re.compile(r"Reference: (\S+)")
SEVERITIES = (events_pb2.SEVERITY_HIGH, events_pb2.SEVERITY_MODERATE, events_pb2.SEVERITY_LOW)


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody in danger, or somebody worried about them."""

    patient_id: str
    severity: int
    time: datetime


class Ward:
    """A program with people on call, and everything that was pressed in it."""

    def __init__(self, running: Platform) -> None:
        self.running = running
        self.repeats = 0  # requests that clients had to send again
        environment = running.stack.environment
        assert running.stack.database is not None
        self._client = MongoClient[dict[str, Any]](running.stack.database.uri, tz_aware=True)
        self.world = World(environment.addresses, environment.issuer)
        assert running.stack.smtp is not None
        self.story = Story(self.world, Timeline(), running.stack.smtp, rung_seconds=RUNG_SECONDS)
        prologue.play(self.story)
        self._metadata = {
            role: self.world.metadata(Person(RIVERBEND, f"bench-{role}", (role,)))
            for role in ("clinician",)
        }

    def rows(self, service: str, collection: str) -> Any:
        """A collection, for as long as a look at it takes."""
        return self._client[service][collection]

    def press(self, count: int, *, pause: float = 0.0, mixed: bool = False) -> list[Press]:
        """So many people, each once: all at the same moment, or one after a pause."""
        return asyncio.run(self._press(count, pause, mixed))

    def seconds(self, pressed: Sequence[Press], *, within: float) -> list[float]:
        """From each press to its first page; waits for the last one."""
        cases = self.rows("crisis", "cases")
        patients = {each.patient_id: each.time for each in pressed}
        mine: dict[str, str] = {}

        def arrived() -> dict[str, datetime]:
            first: dict[str, datetime] = {}
            for mail in self.story.mails_to(email_of("facilitator")):
                if found := REFERENCE.search(mail.text):
                    first.setdefault(found[1], mail.receive_time)
            for case in cases.find({"patient_id": {"$in": list(patients)}}, {"patient_id": 1}):
                mine[case["_id"]] = case["patient_id"]
            return {mine[case_id]: time for case_id, time in first.items() if case_id in mine}

        eventually(lambda: len(arrived()) == len(patients), within=within, every=0.5)
        return [
            (time - patients[patient_id]).total_seconds() for patient_id, time in arrived().items()
        ]

    async def _press(self, count: int, pause: float, mixed: bool) -> list[Press]:
        sessions = grpc.aio.insecure_channel(self.world.addresses["sessions"])
        crisis = grpc.aio.insecure_channel(self.world.addresses["crisis"])
        stubs = (
            sessions_pb2_grpc.SessionsServiceStub(sessions),
            crisis_pb2_grpc.CrisisServiceStub(crisis),
        )
        severities = [SEVERITIES[0]] * count
        if mixed:
            severities = [SEVERITIES[number % 3] for number in range(count)]
            random.Random(count).shuffle(severities)  # an order, not a secret
        try:
            pending = []
            for severity in severities:
                pending.append(asyncio.ensure_future(self._one(stubs, severity)))
                await asyncio.sleep(pause)
            return list(await asyncio.gather(*pending))
        finally:
            await sessions.close()
            await crisis.close()

    async def _one(self, stubs: Any, severity: int) -> Press:
        sessions, crisis = stubs
        patient_id, time = new_id(), datetime.now(UTC)
        if severity == events_pb2.SEVERITY_HIGH:
            request: Message = sessions_pb2.RaiseSafetySignalRequest(
                request_id=new_id(), patient_id=patient_id
            )
            person = Person(RIVERBEND, patient_id, ("patient",))
            await self._persist(sessions.RaiseSafetySignal, request, self.world.metadata(person))
        else:
            request = crisis_pb2.OpenCaseRequest(
                request_id=new_id(), patient_id=patient_id, severity=severity
            )
            await self._persist(crisis.OpenCase, request, self._metadata["clinician"])
        return Press(patient_id, severity, time)

    async def _persist(self, method: Any, request: Message, metadata: Any) -> None:
        """As every client should: the same request again, and counted."""
        while True:
            try:
                await method(request, metadata=metadata, timeout=60)
            except grpc.RpcError as error:
                if error.code() not in AGAIN:
                    raise
                self.repeats += 1
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return


def measure() -> list[Figure]:
    """Every figure of the way from a signal to a page."""
    with platform() as running:
        assert running.stack.database is not None
        ceiling = f"at most {transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        ward = Ward(running)
        ward.seconds(ward.press(10, pause=0.1), within=60)  # everything warm
        alone = ward.seconds(ward.press(ALONE, pause=PAUSE_SECONDS), within=60)
        figures = [
            _milliseconds("signal_to_page_p50_ms", alone, 0.5, f"{ALONE} signals; {ceiling}", 250),
            _milliseconds("signal_to_page_p99_ms", alone, 0.99, f"{ALONE} signals; {ceiling}", 250),
        ]
        few, many = STORMS
        storm = ward.seconds(ward.press(few), within=60)
        figures.append(_milliseconds("signal_to_page_storm100_p99_ms", storm, 0.99, ceiling, 2_000))
        figures.append(_thousand(ward, many, ceiling))
        figures.append(_isolation(ward))
        figures.append(_rungs(ward))
    return figures


def _thousand(ward: Ward, count: int, ceiling: str) -> Figure:
    pressed = ward.press(count, mixed=True)
    seconds = ward.seconds(pressed, within=120)
    start = min(each.time for each in pressed)
    last = max(_arrivals(ward, pressed).values())
    middles = ", ".join(
        f"{events_pb2.Severity.Name(severity).removeprefix('SEVERITY_').lower()} "
        f"{statistics.median(_of(ward, pressed, severity)):.1f} s"
        for severity in SEVERITIES
    )
    took = (last - start).total_seconds()
    text = (
        f"{count / took:,.0f} pages/s, {len(seconds)} of {count}, {ward.repeats} requests sent "
        f"again; medians: {middles}; {ceiling}"
    )
    return Figure("signal_to_page_storm1000_last_ms", took * 1000, "ms", text, "<= 15000")


def _arrivals(ward: Ward, pressed: Sequence[Press]) -> dict[str, datetime]:
    cases = ward.rows("crisis", "cases")
    patients = {each.patient_id for each in pressed}
    mine = {
        case["_id"]: case["patient_id"]
        for case in cases.find({"patient_id": {"$in": list(patients)}}, {"patient_id": 1})
    }
    first: dict[str, datetime] = {}
    for mail in ward.story.mails_to(email_of("facilitator")):
        if (found := REFERENCE.search(mail.text)) and found[1] in mine:
            first.setdefault(mine[found[1]], mail.receive_time)
    return first


def _of(ward: Ward, pressed: Sequence[Press], severity: int) -> list[float]:
    arrived = _arrivals(ward, pressed)
    return [
        (arrived[each.patient_id] - each.time).total_seconds()
        for each in pressed
        if each.severity == severity
    ]


def _isolation(ward: Ward) -> Figure:
    before = ward.seconds(ward.press(BESIDE, pause=PAUSE_SECONDS), within=60)
    with _bulk(ward) as rows:
        beside = ward.seconds(ward.press(BESIDE, pause=PAUSE_SECONDS), within=60)
        left = rows.count_documents({"message_class": "bulk", "published": False})
    ratio = percentile(beside, 0.99) / percentile(before, 0.99)
    text = (
        f"p99 {percentile(beside, 0.99) * 1000:.0f} ms (median "
        f"{percentile(beside, 0.5) * 1000:.0f}) with {left:,} of {BULK_ROWS:,} bulk rows still to "
        f"publish, {percentile(before, 0.99) * 1000:.0f} ms ({percentile(before, 0.5) * 1000:.0f}) "
        f"without; {BESIDE} signals each"
    )
    assert left, "no bulk was left: nothing was measured"
    return Figure("bulk_isolation_ratio", ratio, "ratio", text, "<= 1.2")


@contextmanager
def _bulk(ward: Ward) -> Iterator[Any]:
    """Rows in the outbox of crisis, to a queue that nobody reads."""
    rows, stack = ward.rows("crisis", "outbox"), ward.running.stack
    sample = rows.find_one({"published": True})
    assert stack.broker is not None
    with Connection(stack.broker.uri) as connection:
        exchange = Exchange("crisis.events", "topic", durable=True, no_declare=True)
        arguments = {"x-queue-type": "quorum", "x-max-length": 1_000}
        Queue("bench.bulk", exchange, BULK_KEY, queue_arguments=arguments)(connection).declare()
    fresh = {
        **sample, "message_class": "bulk", "routing_key": BULK_KEY, "type": "bench.Bulk",
        "published": False, "publish_time": None, "awaiting": [],
    }  # fmt: skip
    for _ in range(0, BULK_ROWS, BATCH):
        rows.insert_many([{**fresh, "_id": new_id()} for _ in range(BATCH)])
    time.sleep(SETTLE_SECONDS)
    yield rows
    rows.delete_many({"message_class": "bulk"})


def _rungs(ward: Ward) -> Figure:
    """How much later than its time the second person has the page."""
    ward.story.rung_seconds = SHORT_RUNG_SECONDS
    prologue._on_call(ward.story)
    pressed = ward.press(CLIMBING, pause=PAUSE_SECONDS)
    cases = ward.rows("crisis", "cases")

    def late() -> list[float]:
        opened = {
            case["_id"]: case["open_time"]
            for case in cases.find({"patient_id": {"$in": [each.patient_id for each in pressed]}})
        }
        first: dict[str, datetime] = {}
        for mail in ward.story.mails_to(email_of("second")):
            if (found := REFERENCE.search(mail.text)) and found[1] in opened:
                first.setdefault(found[1], mail.receive_time)
        return [
            (time - opened[case_id]).total_seconds() - SHORT_RUNG_SECONDS
            for case_id, time in first.items()
        ]

    eventually(lambda: len(late()) == CLIMBING, within=60, every=0.5)
    return _milliseconds("rung_lateness_p99_ms", late(), 0.99, f"{CLIMBING} cases", 500)


def _milliseconds(
    name: str, seconds: Sequence[float], share: float, text: str, bound: int
) -> Figure:
    return Figure(name, percentile(seconds, share) * 1000, "ms", text, f"<= {bound}")
