"""A board on two replicas: one order for all, and nobody follows it who has left."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import boards_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions
from haven.sessions.v1 import sessions_pb2

from chassis.call import Role
from tests.integration.sessions.between import Caller
from tests.integration.sessions.clinic import Clinic, refusal
from tests.integration.sessions.test_time import relay
from tests.waiting import eventually

WORRYING = "I want to kill myself"


class Group:
    """p-1, p-2 and p-3 are its patients, f-1 leads it."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack
        clinic.schedules(patients=("p-1", "p-2"))
        clinic.hears(
            scheduling.SeriesEnrolled(enrollment_id="e", patient_id="p-3", session_ids=["s-1"])
        )
        clinic.hears(intake.AliasAssigned(patient_id="p-3", group_id="g-1", alias="Grey Owl 3"))

    def caller(self, address: str, subject: str, *roles: Role) -> Caller:
        caller = Caller(address, self.clinic.person(address, subject, *roles))
        self.stack.push_async_callback(caller.close)
        return caller


@pytest.fixture
def group(clinic: Clinic, stack: AsyncExitStack) -> Group:
    clinic.counts(board_heartbeat_seconds=1.0, board_report_seconds=0.5)
    return Group(clinic, stack)


async def test_everybody_reads_the_same_in_the_same_order_on_either_replica(
    clinic: Clinic, stack: AsyncExitStack, group: Group
) -> None:
    here, there = [await stack.enter_async_context(clinic.replica()) for _ in range(2)]
    ana, ben = group.caller(here, "p-1"), group.caller(there, "p-2")
    cleo = [group.caller(each, "p-3") for each in (here, there)]
    following = [each.watches() for each in cleo]
    for each in following:
        await each.is_caught_up()
    writing = [person.posts(f"words {n}") for n in range(6) for person in (ana, ben)]
    numbers = await asyncio.gather(*writing)
    assert sorted(numbers) == list(range(1, 13))
    for each in following:
        await each.hears(12)
    first, second = ([e.SerializeToString() for e in each.events] for each in following)
    assert first == second
    assert [each.number for each in following[0].events] == list(range(1, 13))
    assert not any(b"p-1" in each or b"p-2" in each for each in first)

    later = cleo[0].watches(cursor=10)
    await later.hears(12)
    assert [each.number for each in later.events] == [11, 12]


async def test_who_gives_the_seat_back_or_takes_consent_back_follows_no_more(
    clinic: Clinic, stack: AsyncExitStack, group: Group
) -> None:
    address = await stack.enter_async_context(clinic.replica())
    ana, ben, cleo = (group.caller(address, each) for each in ("p-1", "p-2", "p-3"))
    his, hers = ben.watches(), cleo.watches()
    for each in (his, hers):
        await each.is_caught_up()
    clinic.hears(
        scheduling.SeatReleased(enrollment_id="e", patient_id="p-3", session_ids=["s-1"]), 2
    )
    clinic.hears(intake.ConsentRevoked(consent_id="c", patient_id="p-2", scope="treatment"))
    await ana.posts("said after they had gone")

    assert await refusal(hers.stream) == ("NOT_FOUND", "NOT_FOUND")
    assert await refusal(his.stream) == ("FAILED_PRECONDITION", "CONSENT_REVOKED")
    listing = cleo.asks("ListBoardPosts", group_id="g-1")
    assert await refusal(listing) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_post_that_worries_looks_like_any_other_and_staff_decide_about_it(
    clinic: Clinic, stack: AsyncExitStack, group: Group
) -> None:
    address = await stack.enter_async_context(clinic.replica())
    ana, ben = (group.caller(address, each) for each in ("p-1", "p-2"))
    lead = group.caller(address, "f-1", Role.CLINICIAN)
    his = ben.watches()
    number = await ana.posts(WORRYING)
    shown = (await his.hears(number)).post
    assert (shown.text, shown.alias, shown.patient_id) == (WORRYING, "Alias of 1-p", "")
    (event,) = clinic.emitted(sessions.ChatRiskRaised)
    assert (event.group_id, event.number, event.patient_id) == ("g-1", number, "p-1")
    assert "kill" not in str(clinic.documents("outbox"))

    asked = {"group_id": "g-1", "number": number}
    await ben.changes("ReportBoardPost", **asked, reason=pb.BOARD_REPORT_REASON_WORRIES)
    (report,) = (await lead.asks("ListBoardReports", group_id="g-1")).board_reports
    assert (report.reporter_count, report.post.text, report.post.patient_id) == (1, WORRYING, "p-1")
    reason = pb.BOARD_DECISION_REASON_HARMFUL_DETAIL
    await lead.changes("HideBoardPost", **asked, reason=reason)
    assert (await his.hears(2)).hidden.number == number
    (read,) = (await ben.asks("ListBoardPosts", group_id="g-1")).board_posts
    assert (read.text, read.is_hidden) == ("", True)


async def test_a_report_that_nobody_looks_at_is_told_to_the_supervisors_and_stays_open(
    clinic: Clinic, stack: AsyncExitStack, group: Group
) -> None:
    address = await stack.enter_async_context(clinic.replica())
    ana, ben = (group.caller(address, each) for each in ("p-1", "p-2"))
    number = await ana.posts("hurtful words")
    asked = {"group_id": "g-1", "number": number, "reason": pb.BOARD_REPORT_REASON_HURTS}
    await asyncio.gather(*(ben.changes("ReportBoardPost", **asked) for _ in range(3)))
    assert len(clinic.emitted(sessions.BoardReportOpened)) == 1
    with relay(clinic):
        told = await asyncio.to_thread(
            eventually, lambda: clinic.emitted(sessions.BoardReportMissed), within=20
        )
    assert [(each.recipient_id, each.escalation_count) for each in told] == [("supervisor-pool", 1)]
    supervisor = group.caller(address, "v-1", Role.SUPERVISOR)
    (report,) = (await supervisor.asks("ListBoardReports")).board_reports
    assert (report.state, report.escalation_count) == (pb.BOARD_REPORT_STATE_OPEN, 1)


async def test_a_replica_that_leaves_sends_its_readers_elsewhere(
    clinic: Clinic, group: Group
) -> None:
    async with AsyncExitStack() as serving:
        address = await serving.enter_async_context(clinic.replica())
        ben = group.caller(address, "p-2")
        number = await ben.posts("good night")
        his = ben.watches()
        await his.is_caught_up()
        leaving = asyncio.create_task(serving.aclose())
        frame = await his.until(lambda each: each.WhichOneof("frame") == "goodbye")
        await leaving
    assert frame.goodbye.reason == sessions_pb2.GOODBYE_REASON_RESUME_ELSEWHERE
    assert [each.number for each in his.events] == [number]
