"""The board when something breaks: a slow reader, a lost stream, a replica that goes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from haven.crisis.v1 import board_pb2, board_pb2_grpc, crisis_pb2, events_pb2
from prometheus_client import REGISTRY

from chassis.call import Role
from services.crisis.api import assemble
from services.crisis.live import hub as hub_module
from services.crisis.settings import CrisisSettings
from tests.integration.crisis.watching import watching
from tests.integration.front import Caller, Front, open_front
from tests.waiting import eventually

MANY = 400
# A client that does not read holds no more than a little.
NARROW = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 4096)]


def too_slow() -> float:
    """Streams that the server ended for their reader's sake."""
    labels = {
        "service": "haven.crisis.v1.BoardService",
        "method": "WatchCases",
        "code": "RESOURCE_EXHAUSTED",
    }
    return REGISTRY.get_sample_value("haven_rpc_requests_total", labels) or 0.0


async def opened(caller: Caller, patient_id: str) -> Any:
    request = crisis_pb2.OpenCaseRequest(patient_id=patient_id, severity=events_pb2.SEVERITY_HIGH)
    return (await caller.ask(request)).case


async def opened_all(caller: Caller, numbers: range) -> None:
    """Eight at a time."""
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            await opened(caller, f"p-{number}")

    await asyncio.gather(*(work() for _ in range(8)))


def another_front(front: Front, folder: Path, mongodb_uri: str, database: Any, **more: Any) -> Any:
    del front  # only to say that there is one already
    return open_front(
        CrisisSettings,
        assemble,
        service="crisis",
        folder=folder,
        mongodb_uri=mongodb_uri,
        database=database.name,
        **more,
    )


async def test_a_reader_that_takes_nothing_is_ended_and_the_others_see_everything(
    front: Front, tmp_path: Path, mongodb_uri: str, database: Any
) -> None:
    before = too_slow()
    async with another_front(front, tmp_path, mongodb_uri, database, board_queue=20) as small:
        clinician = small.caller("dr-one", Role.CLINICIAN)
        metadata = (("authorization", f"Bearer {clinician.token}"),)
        # The quick one watches where more may wait: it shares two busy cores with the writers.
        watcher = front.caller("dr-two", Role.CLINICIAN)
        async with (
            grpc.aio.insecure_channel(small.address, options=NARROW) as channel,
            watching(watcher) as quick,
        ):
            stub: Any = board_pb2_grpc.BoardServiceStub(channel)
            slow = stub.WatchCases(board_pb2.WatchCasesRequest(), metadata=metadata)
            await slow.read()  # the snapshot, and not a frame more
            await quick.begun()
            await opened_all(clinician, range(MANY))
            await quick.until(lambda board: len(board.changes) == MANY)
            await asyncio.to_thread(eventually, lambda: too_slow() > before, within=20)

    assert len(set(quick.versions)) == MANY


async def test_a_board_moves_to_another_replica_and_misses_nothing(
    front: Front, tmp_path: Path, mongodb_uri: str, database: Any
) -> None:
    async with another_front(front, tmp_path, mongodb_uri, database) as leaving:
        clinician = leaving.caller("dr-one", Role.CLINICIAN)
        async with watching(clinician) as board:
            await board.begun()
            case = await opened(clinician, "p-1")
            await board.until(lambda seen: seen.changes)
            cursor = board.cursor  # while the first replica still goes on telling
            stays = front.caller("dr-one", Role.CLINICIAN)
            await opened(stays, "p-2")

            async with watching(stays, cursor) as again:
                await stays.ask(crisis_pb2.AcknowledgeCaseRequest(case_id=case.case_id))
                await again.until(lambda seen: len(seen.changes) == 2)

    assert board.versions[0] == ("p-1", 1)
    assert again.versions == [("p-2", 1), ("p-1", 2)]


async def test_a_board_that_is_cut_again_and_again_between_two_replicas_sees_each_version_once(
    front: Front, tmp_path: Path, mongodb_uri: str, database: Any
) -> None:
    """While people write: whichever frame was the last, the next replica goes on behind it."""
    seen: list[tuple[str, int]] = []
    async with another_front(front, tmp_path, mongodb_uri, database) as second:
        here = [each.caller("dr-one", Role.CLINICIAN) for each in (front, second)]
        async with watching(here[0]) as board:
            await board.begun()
        cursor, writing = board.cursor, asyncio.create_task(opened_all(here[1], range(120)))
        for cut in range(60):
            if len(seen) == 120:
                break
            async with watching(here[cut % 2], cursor) as board:
                few = min(1 + cut % 7, 120 - len(seen))
                await board.until(lambda each, few=few: len(each.changes) >= few)
            seen += board.versions
            cursor = board.cursor
        await writing

    assert sorted(seen) == sorted((f"p-{number}", 1) for number in range(120))


async def test_a_replica_that_is_told_to_stop_says_goodbye(
    front: Front, tmp_path: Path, mongodb_uri: str, database: Any
) -> None:
    clinician = front.caller("dr-one", Role.CLINICIAN)
    async with another_front(front, tmp_path, mongodb_uri, database) as leaving:
        watching_there = watching(leaving.caller("dr-one", Role.CLINICIAN))
        board = await watching_there.__aenter__()
        await board.begun()
    await board.until(lambda seen: seen.is_over)
    await watching_there.__aexit__(None, None, None)

    assert board.refused is None
    assert board.goodbye == board_pb2.GOODBYE_REASON_RESUME_ELSEWHERE
    async with watching(clinician, board.cursor) as again:
        await opened(clinician, "p-1")
        await again.until(lambda seen: seen.changes)


async def test_a_board_survives_streams_that_the_database_forgets(
    front: Front, mongo_client: Any, database: Any
) -> None:
    clinician = front.caller("dr-one", Role.CLINICIAN)
    async with watching(clinician) as board:
        await board.begun()
        for number in range(5):
            await asyncio.to_thread(_kill_feeds, mongo_client, database.name)
            await opened(clinician, f"p-{number}")
        await board.until(lambda seen: len(seen.changes) == 5)

    # What a lost stream did not bring comes by the sweep: after the next case, perhaps.
    assert sorted(board.versions) == [(f"p-{number}", 1) for number in range(5)]


async def test_without_any_stream_a_sweep_still_finds_every_change(
    tmp_path: Path, mongodb_uri: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "STALE_SECONDS", 0.5)
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr("services.crisis.live.opening.Feed", _Deaf)
    async with open_front(
        CrisisSettings,
        assemble,
        service="crisis",
        folder=tmp_path,
        mongodb_uri=mongodb_uri,
        database=database.name,
    ) as front:
        clinician = front.caller("dr-one", Role.CLINICIAN)
        async with watching(clinician) as board:
            await board.begun()
            case = await opened(clinician, "p-1")
            await board.until(lambda seen: seen.changes)
            await clinician.ask(crisis_pb2.AcknowledgeCaseRequest(case_id=case.case_id))
            await board.until(lambda seen: len(seen.changes) == 2)
        async with watching(clinician, board.cursor or "x") as again:
            await again.until(lambda seen: seen.is_over)

    assert board.versions == [("p-1", 1), ("p-1", 2)]
    assert again.refused is not None


class _Deaf:
    """A feed that never opens."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Follows nothing."""

    def start(self) -> None:
        """Nothing begins."""

    def stop(self) -> None:
        """Nothing ends."""

    def age(self) -> float:
        return float("inf")


def _kill_feeds(client: Any, database: str) -> None:
    """The server forgets the feeds' cursors, as in a restart."""
    for each in client.admin.aggregate([{"$currentOp": {"idleCursors": True}}]):
        cursor = each.get("cursor", {})
        comment = str(cursor.get("originatingCommand", {}).get("comment", ""))
        if each.get("ns", "").startswith(f"{database}.") and "feed" in comment:
            client[database].command("killCursors", "$cmd.aggregate", cursors=[cursor["cursorId"]])
