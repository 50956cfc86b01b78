"""Whoever watches over all cases sees each version of each once, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import crisis_pb2, events_pb2
from haven.crisis.v1 import resources_pb2 as resource
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from chassis.clock import DatabaseClock
from chassis.ids import new_id
from chassis.store import Store
from services.crisis.bootstrap import bootstrap
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.timers import due_work
from tests.due import RunningTimers
from tests.integration.crisis.watching import watching
from tests.integration.front import Caller, Front

HIGH = events_pb2.SEVERITY_HIGH


@pytest.fixture
def clinician(front: Front) -> Caller:
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
def stranger(front: Front) -> Caller:
    return front.caller("dr-two", Role.SUPERVISOR, tenant_id="harbor")


@pytest.fixture
def relay(front: Front, mongo_client: Any, database: Any) -> Iterator[RunningTimers]:
    """Crisis' timers over the same database as the api."""
    clock = DatabaseClock(mongo_client)
    store = Store(mongo_client, database.name, service="crisis", clock=clock)
    crisis = bootstrap(
        store=store,
        policy_of=lambda _: CrisisPolicy(),
        reveal=lambda *_: "",
        seal=lambda *_: b"",
    )
    timers = RunningTimers(store, due_work(crisis))
    timers.start()
    yield timers
    timers.stop()
    store.close()


async def opened(caller: Caller, patient_id: str) -> Any:
    request = crisis_pb2.OpenCaseRequest(patient_id=patient_id, severity=HIGH)
    return (await caller.ask(request)).case


async def acknowledged(caller: Caller, case_id: str) -> Any:
    return await caller.ask(crisis_pb2.AcknowledgeCaseRequest(case_id=case_id))


async def resolved(caller: Caller, case_id: str, other: Caller) -> None:
    await caller.ask(
        crisis_pb2.RecordContactRequest(
            case_id=case_id, contact_method=resource.CONTACT_METHOD_PHONE
        )
    )
    await other.ask(
        crisis_pb2.ResolveCaseRequest(
            case_id=case_id, disposition=resource.DISPOSITION_NO_IMMEDIATE_RISK
        )
    )


async def test_a_case_that_opens_is_taken_and_ends_is_shown_once_per_version(
    front: Front, clinician: Caller
) -> None:
    async with watching(clinician) as board:
        await board.begun()
        case = await opened(clinician, "p-1")
        await acknowledged(clinician, case.case_id)
        await resolved(clinician, case.case_id, front.caller("dr-boss", Role.SUPERVISOR))
        await board.until(lambda seen: len(seen.changes) == 4)

    assert board.snapshot == {}
    assert board.versions == [("p-1", version) for version in (1, 2, 3, 4)]
    assert [each.case.state for each in board.changes] == [
        resource.CASE_STATE_OPEN,
        resource.CASE_STATE_ACKNOWLEDGED,
        resource.CASE_STATE_CONTACTED,
        resource.CASE_STATE_RESOLVED,
    ]


async def test_a_case_that_opens_climbs_and_is_taken_is_shown_once_per_version(
    clinician: Caller, relay: RunningTimers, database: Any
) -> None:
    past = {"$set": {"next_deadline_time": datetime(2026, 1, 1, tzinfo=UTC)}}
    async with watching(clinician) as board:
        await board.begun()
        case = await opened(clinician, "p-1")
        for cycle in (1, 2):
            await asyncio.to_thread(database.cases.update_one, {"_id": case.case_id}, past)
            await board.until(lambda seen, count=cycle + 1: len(seen.changes) == count)
        await acknowledged(clinician, case.case_id)
        await board.until(lambda seen: len(seen.changes) >= 4)

    assert relay.is_alive()
    assert board.versions == [("p-1", version) for version in (1, 2, 3, 4)]
    assert [each.case.cycle for each in board.changes] == [0, 1, 2, 2]
    assert board.changes[-1].case.owner_id == "dr-one"


async def test_a_snapshot_shows_what_is_unresolved_and_changes_follow(
    front: Front, clinician: Caller
) -> None:
    case = await opened(clinician, "p-1")
    over = await opened(clinician, "p-2")
    await acknowledged(clinician, over.case_id)
    await resolved(clinician, over.case_id, front.caller("dr-boss", Role.SUPERVISOR))

    async with watching(clinician) as board:
        await board.begun()
        await acknowledged(clinician, case.case_id)
        await board.until(lambda seen: ("p-1", 2) in seen.versions)

    assert board.snapshot == {case.case_id: 1}
    # The end of the other case may be shown after the snapshot, where the feed is behind it.
    assert [each for each in board.versions if each != ("p-2", 4)] == [("p-1", 2)]


async def test_a_snapshot_of_many_cases_comes_in_parts(clinician: Caller) -> None:
    for number in range(205):
        await opened(clinician, f"p-{number}")

    async with watching(clinician) as board:
        await board.begun()

    parts = [frame for frame in board.frames if frame.HasField("snapshot")]
    assert [len(frame.snapshot.cases) for frame in parts] == [200, 5]
    assert [bool(frame.cursor) for frame in parts] == [False, True]
    assert len(board.snapshot) == 205


async def test_whoever_was_cut_misses_nothing_and_sees_nothing_twice(clinician: Caller) -> None:
    async with watching(clinician) as board:
        await board.begun()
        first = await opened(clinician, "p-1")
        await board.until(lambda seen: len(seen.changes) == 1)
    second = await opened(clinician, "p-2")
    await acknowledged(clinician, first.case_id)
    await acknowledged(clinician, second.case_id)

    async with watching(clinician, board.cursor) as again:
        await again.until(lambda seen: len(seen.changes) == 3)
        await opened(clinician, "p-3")
        await again.until(lambda seen: len(seen.changes) == 4)

    assert again.snapshot == {}
    assert again.versions == [("p-2", 1), ("p-1", 2), ("p-2", 2), ("p-3", 1)]


async def test_a_cursor_goes_on_from_any_frame_that_had_one(clinician: Caller) -> None:
    async with watching(clinician) as board:
        await board.begun()
        for number in range(5):
            await opened(clinician, f"p-{number}")
        await board.until(lambda seen: len(seen.changes) == 5)

    for seen in range(6):
        cursor = [frame.cursor for frame in board.frames][seen]
        async with watching(clinician, cursor) as again:
            await again.until(lambda each, left=5 - seen: len(each.changes) >= left)
        assert again.versions == board.versions[seen:]


async def test_another_tenants_cases_are_never_shown(clinician: Caller, stranger: Caller) -> None:
    async with watching(clinician) as mine, watching(stranger) as theirs:
        await mine.begun()
        await theirs.begun()
        await opened(clinician, "p-mine")
        await opened(stranger, "p-theirs")
        await opened(clinician, "p-mine-too")
        await mine.until(lambda seen: len(seen.changes) == 2)
        await theirs.until(lambda seen: len(seen.changes) == 1)

    assert mine.versions == [("p-mine", 1), ("p-mine-too", 1)]
    assert theirs.versions == [("p-theirs", 1)]
    async with watching(stranger) as later:
        await later.begun()
    assert len(later.snapshot) == 1


async def test_a_cursor_of_another_tenant_is_foreign(clinician: Caller, stranger: Caller) -> None:
    async with watching(stranger) as theirs:
        await theirs.begun()

    for cursor in (theirs.cursor, "not-a-cursor", theirs.cursor[:-4]):
        async with watching(clinician, cursor) as board:
            await board.until(lambda seen: seen.is_over)
        assert board.refused is not None
        assert (board.refused.code, board.refused.reason) == (
            "FAILED_PRECONDITION",
            "CURSOR_FOREIGN",
        )


async def test_a_role_that_may_not_watch_is_refused(front: Front) -> None:
    async with watching(front.caller("p-1", Role.PATIENT)) as board:
        await board.until(lambda seen: seen.is_over)

    assert board.refused is not None
    assert board.refused.reason == "ROLE_NOT_ALLOWED"


async def test_who_watched_is_in_every_shown_patients_trail_and_in_the_tenants(
    front: Front, clinician: Caller, database: Any
) -> None:
    await opened(clinician, "p-1")
    async with watching(front.caller("dr-watch", Role.SUPERVISOR)) as board:
        await board.begun()
        await opened(clinician, "p-2")
        await board.until(lambda seen: seen.changes)
    async with watching(front.caller("dr-watch", Role.SUPERVISOR), board.cursor) as again:
        await opened(clinician, "p-3")
        await again.until(lambda seen: seen.changes)

    rows = database.audit_entries.find({"actor_id": "dr-watch", "action": "case.watch"})
    assert {row.get("patient_id", "") for row in rows} == {"", "p-1", "p-2", "p-3"}


async def test_a_token_that_expires_ends_the_stream(front: Front, clinician: Caller) -> None:
    token = front.issuer.issue(
        front.tenant_id, "dr-one", (Role.CLINICIAN,), ttl=timedelta(seconds=2)
    )
    async with watching(Caller(clinician.channel, token)) as board:
        await board.begun()
        await board.until(lambda seen: seen.is_over)

    assert board.refused is not None
    assert (board.refused.code, board.refused.reason) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")
    async with watching(clinician, board.cursor) as again:
        await opened(clinician, "p-1")
        await again.until(lambda seen: seen.changes)


async def test_many_watchers_see_the_same_in_the_same_order(clinician: Caller) -> None:
    async with watching(clinician) as first, watching(clinician) as second:
        await first.begun()
        await second.begun()
        await asyncio.gather(*(opened(clinician, f"p-{number}") for number in range(30)))
        for board in (first, second):
            await board.until(lambda seen: len(seen.changes) == 30)

    assert first.versions == second.versions
    assert len(set(first.versions)) == 30


async def test_a_patients_call_for_help_is_on_the_board(front: Front, clinician: Caller) -> None:
    async with watching(clinician) as board:
        await board.begun()
        signal = sessions_pb2.SafetySignalRaised(safety_signal_id=new_id(), patient_id="p-1")
        await front.tell(signal)
        await board.until(lambda seen: seen.changes)

    assert board.versions == [("p-1", 1)]
