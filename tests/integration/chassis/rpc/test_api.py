"""A whole api over a real database: once, audit, Deliver, and a process's life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias, cast

import grpc
import pytest
from haven.audit.v1 import audit_pb2, audit_pb2_grpc
from haven.delivery.v1 import delivery_pb2, delivery_pb2_grpc
from haven.intake.v1.events_pb2 import RiskRaised
from pymongo.database import Database

from chassis.auth.issuer import Issuer
from chassis.auth.pki import Credentials
from chassis.call import Role
from chassis.ids import new_id
from chassis.rpc.channel import open_async_channel
from chassis.rpc.main import serving
from chassis.rpc.server import Server
from chassis.settings import ProcessSettings

from . import echo
from .conftest import SUBJECT, refusal
from .echo_api import NOTES, assemble

OTHER = "1b0a3c5e-2f6d-4b1a-8c7d-9e8f7a6b5c4d"
PLANTED = ("ana.petrova@example.test", "Ana Petrova", "+12025550123", "I want to end it")
Mongo = Database[dict[str, Any]]


@pytest.fixture
async def api(api_settings: ProcessSettings) -> AsyncIterator[Server]:
    """The api, running in this loop."""
    async with serving(api_settings, assemble) as server:
        yield server


@pytest.fixture
async def channel(api: Server, stack: AsyncExitStack) -> grpc.aio.Channel:
    """To the public address."""
    opened: grpc.aio.Channel = await stack.enter_async_context(
        open_async_channel(api.public_address)
    )
    return opened


@pytest.fixture
def clinician(channel: grpc.aio.Channel, token: str) -> echo.Client:
    """Who changes things."""
    return echo.Client(channel, token)


# The class is known to type checkers only.
Deliveries: TypeAlias = "delivery_pb2_grpc.DeliveryServiceAsyncStub"


@pytest.fixture
async def deliveries(api: Server, pki_dir: Path, stack: AsyncExitStack) -> Deliveries:
    """The publisher of RiskRaised, handing over events."""
    return await _deliveries_of("intake", api, pki_dir, stack)


@pytest.fixture
async def stranger(api: Server, pki_dir: Path, stack: AsyncExitStack) -> Deliveries:
    """Another process of the platform, which publishes no RiskRaised."""
    return await _deliveries_of("other", api, pki_dir, stack)


def envelope(**changes: Any) -> delivery_pb2.DeliverRequest:
    """A RiskRaised on its way."""
    parts: dict[str, Any] = {
        "event_id": new_id(),
        "type": "haven.intake.v1.RiskRaised",
        "tenant_id": "alpha",
        "aggregate_id": "s1",
        "aggregate_version": 1,
        "body": RiskRaised(risk_id=new_id(), patient_id=SUBJECT).SerializeToString(),
    } | changes
    made = delivery_pb2.Envelope(**parts)
    made.create_time.FromDatetime(datetime.now(UTC))
    return delivery_pb2.DeliverRequest(envelope=made)


# --- once


async def test_a_repeated_request_has_one_effect_and_the_first_answer(
    clinician: echo.Client, database: Mongo
) -> None:
    request_id = new_id()
    first = await clinician.say("note", method="Change", request_id=request_id)
    second = await clinician.say("note", method="Change", request_id=request_id)
    assert (first.text, second) == ("note", first)
    assert database[NOTES].count_documents({}) == 1


async def test_a_request_id_with_another_body_is_refused(
    clinician: echo.Client, database: Mongo
) -> None:
    request_id = new_id()
    await clinician.say("note", method="Change", request_id=request_id)
    assert await refusal(clinician.say("other", method="Change", request_id=request_id)) == (
        "INVALID_ARGUMENT",
        "REQUEST_ID_REUSED",
    )
    assert database[NOTES].count_documents({}) == 1


async def test_ten_repeats_at_once_have_one_effect(clinician: echo.Client, database: Mongo) -> None:
    request_id = new_id()
    answers = await asyncio.gather(
        *(clinician.say("note", method="Change", request_id=request_id) for _ in range(10))
    )
    assert {answer.text for answer in answers} == {"note"}
    assert database[NOTES].count_documents({}) == 1


# --- audit


async def test_the_trail_is_read_newest_first_page_by_page(
    clinician: echo.Client, channel: grpc.aio.Channel, issuer: Issuer
) -> None:
    for _ in range(3):
        await clinician.say(SUBJECT + _digit(), method="Change", request_id=new_id())
    audit = audit_pb2_grpc.AuditServiceStub(channel)
    officer = _metadata(issuer, "officer", Role.PRIVACY_OFFICER)
    first = await audit.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(page_size=2), metadata=officer
    )
    rest = await audit.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(page_size=2, page_token=first.next_page_token),
        metadata=officer,
    )
    entries = [*first.audit_entries, *rest.audit_entries]
    changes = [entry for entry in entries if entry.action == "echo.change"]
    assert len(changes) == 3
    assert all(entry.actor_id == SUBJECT and entry.service == "echo" for entry in changes)
    times = [entry.create_time.ToDatetime() for entry in changes]
    assert times == sorted(times, reverse=True)


async def test_a_patient_sees_who_met_the_own_record_and_nobody_else_s(
    clinician: echo.Client, channel: grpc.aio.Channel, issuer: Issuer
) -> None:
    for patient in (SUBJECT, OTHER):
        await clinician.say(patient, method="Change", request_id=new_id())
    audit = audit_pb2_grpc.AuditServiceStub(channel)
    own_token = _metadata(issuer, SUBJECT, Role.PATIENT)
    own = await audit.ListPatientAccesses(
        audit_pb2.ListPatientAccessesRequest(patient_id=SUBJECT), metadata=own_token
    )
    assert [entry.action for entry in own.audit_entries][-1] == "echo.change"
    assert {entry.patient_id for entry in own.audit_entries} == {SUBJECT}
    other = audit.ListPatientAccesses(
        audit_pb2.ListPatientAccessesRequest(patient_id=OTHER), metadata=own_token
    )
    assert await refusal(other) == ("NOT_FOUND", "NOT_FOUND")


async def test_another_tenant_s_trail_is_empty(
    clinician: echo.Client, channel: grpc.aio.Channel, issuer: Issuer
) -> None:
    await clinician.say(SUBJECT, method="Change", request_id=new_id())
    audit = audit_pb2_grpc.AuditServiceStub(channel)
    officer = issuer.issue("beta", "officer", [Role.PRIVACY_OFFICER])
    answer = await audit.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(),
        metadata=(("authorization", f"Bearer {officer}"),),
    )
    assert [entry.action for entry in answer.audit_entries if entry.action == "echo.change"] == []


async def test_a_page_token_of_another_query_is_refused(
    clinician: echo.Client, channel: grpc.aio.Channel, issuer: Issuer
) -> None:
    for number in range(2):
        await clinician.say(f"n{number}", method="Change", request_id=new_id())
    audit = audit_pb2_grpc.AuditServiceStub(channel)
    officer = _metadata(issuer, "officer", Role.PRIVACY_OFFICER)
    page = await audit.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(page_size=1), metadata=officer
    )
    other = audit.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(patient_id="n0", page_token=page.next_page_token),
        metadata=officer,
    )
    assert await refusal(other) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")


# --- deliver


async def test_a_delivered_event_has_one_effect_however_often_it_comes(
    deliveries: Deliveries, database: Mongo
) -> None:
    request = envelope()
    first = await deliveries.Deliver(request, timeout=5)
    second = await deliveries.Deliver(request, timeout=5)
    assert (first.repeated_delivery, second.repeated_delivery) == (False, True)
    assert database[NOTES].count_documents({}) == 1
    inbox = database["inbox"].find_one({})
    assert inbox is not None
    assert inbox["consumer"] == "echo.on-risk-raised.crisis"


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"type": "haven.x.v1.Y"}, ("INVALID_ARGUMENT", "EVENT_TYPE_UNKNOWN")),
        ({"type": ""}, ("INVALID_ARGUMENT", "EVENT_TYPE_UNKNOWN")),
        ({"body": b"\xff\xff"}, ("INVALID_ARGUMENT", "EVENT_UNDECODABLE")),
        ({"tenant_id": "gamma"}, ("PERMISSION_DENIED", "TENANT_UNKNOWN")),
        ({"tenant_id": ""}, ("PERMISSION_DENIED", "TENANT_UNKNOWN")),
        ({"event_id": ""}, ("INVALID_ARGUMENT", "EVENT_HEADERS_MISSING")),
        (
            {"expire_time": datetime.now(UTC) - timedelta(minutes=1)},
            ("FAILED_PRECONDITION", "EVENT_EXPIRED"),
        ),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_leaves_nothing(
    deliveries: Deliveries,
    database: Mongo,
    changes: dict[str, Any],
    refused: tuple[str, str],
) -> None:
    assert await refusal(deliveries.Deliver(envelope(**changes), timeout=5)) == refused
    assert database[NOTES].count_documents({}) == database["inbox"].count_documents({}) == 0


async def test_an_event_is_taken_from_the_service_that_publishes_it_and_from_no_other(
    stranger: Deliveries, deliveries: Deliveries, database: Mongo
) -> None:
    request = envelope()

    assert await refusal(stranger.Deliver(request, timeout=5)) == (
        "PERMISSION_DENIED",
        "EVENT_PUBLISHER_WRONG",
    )
    assert database[NOTES].count_documents({}) == database["inbox"].count_documents({}) == 0
    assert not (await deliveries.Deliver(request, timeout=5)).repeated_delivery


async def _deliveries_of(
    service: str, api: Server, pki_dir: Path, stack: AsyncExitStack
) -> Deliveries:
    own = Credentials.of(pki_dir, service)
    channel = open_async_channel(api.internal_address, own, service="echo")
    opened = await stack.enter_async_context(channel)
    stub: Any = delivery_pb2_grpc.DeliveryServiceStub(opened)
    return cast("Deliveries", stub)


def _metadata(issuer: Issuer, subject: str, role: Role) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {issuer.issue('alpha', subject, [role])}"),)


def _digit() -> str:
    return new_id()[:4]
