"""Notify as its callers meet it: through tokens, certificates and gRPC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.notify.v1 import notify_pb2
from haven.notify.v1 import resources_pb2 as resource
from haven.policy.v1 import policy_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.front import Front


@pytest.fixture
def administrator(front: Front) -> Any:
    return front.caller("admin", Role.ADMINISTRATOR)


@pytest.fixture
def clinician(front: Front) -> Any:
    return front.caller("dr-one", Role.CLINICIAN)


def register(
    recipient_id: Any = "dr-one", address: Any = "lee@staff.example", **changes: Any
) -> Any:
    return notify_pb2.RegisterContactPointRequest(
        recipient_id=recipient_id, channel=resource.CHANNEL_EMAIL, address=address, **changes
    )


def a_page(page_id: Any = "", recipient_id: Any = "dr-one") -> Any:
    page = crisis_pb2.PageRequested(
        page_id=page_id or new_id(), case_id=new_id(), recipient_id=recipient_id
    )
    page.expire_time.FromDatetime(datetime.now(UTC) + timedelta(minutes=5))
    return page


async def test_an_address_is_set_and_comes_back_masked(administrator: Any) -> None:
    point = (await administrator.ask(register())).contact_point
    listed = await administrator.ask(notify_pb2.ListContactPointsRequest(recipient_id="dr-one"))

    assert point.masked_address == "l***@***"
    assert list(listed.contact_points) == [point]


async def test_a_repeated_request_gets_its_first_answer(administrator: Any) -> None:
    request = register(request_id=new_id())
    first = await administrator.ask(request)
    await administrator.ask(register(address="kim@staff.example"))

    assert await administrator.ask(request) == first


async def test_a_stale_etag_is_refused(administrator: Any) -> None:
    seen = (await administrator.ask(register())).contact_point.etag
    await administrator.ask(register(address="kim@staff.example", etag=seen))

    refused = await administrator.refused(register(etag=seen))

    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_STALE")


async def test_a_clinician_speaks_for_nobody_else(clinician: Any) -> None:
    await clinician.ask(register("dr-one"))

    refused = await clinician.refused(register("dr-two"))

    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "CONTACT_POINT_OF_ANOTHER")


async def test_a_patient_may_not_look(front: Front) -> None:
    patient = front.caller("p-1", Role.PATIENT)

    refused = await patient.refused(notify_pb2.ListMessagesRequest(recipient_id="p-1"))

    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (register(address="nobody"), ["address"]),
        (register(address="x@y.example\r\nBcc: z@y.example"), ["address"]),
        (notify_pb2.RegisterContactPointRequest(), ["address", "recipient_id", "channel"]),
        (notify_pb2.ListMessagesRequest(), ["recipient_id"]),
        (notify_pb2.GetMessageRequest(), ["message_id"]),
        (register(rank=100), ["rank"]),
        (notify_pb2.PreviewMessageRequest(), ["template_id"]),
        (notify_pb2.ResendMessageRequest(), ["message_id"]),
        (notify_pb2.RedriveMessagesRequest(), ["message_class", "max_count"]),
    ],
)
async def test_bad_input_names_its_fields_and_leaves_nothing(
    administrator: Any, database: Any, request_: Any, fields: Any
) -> None:
    refused = await administrator.refused(request_)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert refused.fields == fields
    assert database.contact_points.count_documents({}) == 0


async def test_a_page_by_a_peer_becomes_one_message(front: Front, clinician: Any) -> None:
    page = a_page()
    event_id = new_id()

    assert await front.tell(page, event_id=event_id) is False
    assert await front.tell(page, event_id=event_id) is True
    assert await front.tell(page) is False  # the same page as another event

    listed = await clinician.ask(notify_pb2.ListMessagesRequest(page_id=page.page_id))
    (message,) = listed.messages
    read = await clinician.ask(notify_pb2.GetMessageRequest(message_id=message.message_id))
    assert read.message == message
    assert message.state == resource.MESSAGE_STATE_ACCEPTED
    assert message.message_class == policy_pb2.MESSAGE_CLASS_CRISIS
    assert message.next_attempt_time == message.accept_time


async def test_messages_come_newest_first_in_parts(front: Front, clinician: Any) -> None:
    pages = [a_page() for _ in range(3)]
    for page in pages:
        await front.tell(page)
    request = notify_pb2.ListMessagesRequest(recipient_id="dr-one", page_size=2)

    first = await clinician.ask(request)
    request.page_token = first.next_page_token
    second = await clinician.ask(request)

    seen = [message.page_id for message in (*first.messages, *second.messages)]
    assert sorted(seen) == sorted(page.page_id for page in pages)
    assert (len(first.messages), second.next_page_token) == (2, "")


async def test_contact_points_come_in_the_order_in_which_pages_take_them(
    administrator: Any,
) -> None:
    await administrator.ask(register(rank=2))
    text = notify_pb2.RegisterContactPointRequest(
        recipient_id="dr-one", channel=resource.CHANNEL_SMS, address="+15555550142", rank=1
    )
    point = (await administrator.ask(text)).contact_point

    assert (point.masked_address, point.rank) == ("***42", 1)
    listed = await administrator.ask(notify_pb2.ListContactPointsRequest(recipient_id="dr-one"))
    assert {each.channel: each.rank for each in listed.contact_points} == {
        resource.CHANNEL_SMS: 1, resource.CHANNEL_EMAIL: 2
    }  # fmt: skip


async def test_a_wording_can_be_looked_at(clinician: Any) -> None:
    shown = await clinician.ask(notify_pb2.PreviewMessageRequest(template_id="page"))

    assert shown.subject
    assert shown.template_version >= 2
    refused = await clinician.refused(notify_pb2.PreviewMessageRequest(template_id="nothing"))
    assert refused.code == "NOT_FOUND"


async def test_a_page_is_not_sent_again(front: Front, clinician: Any, administrator: Any) -> None:
    page = a_page()
    await front.tell(page)
    listed = await clinician.ask(notify_pb2.ListMessagesRequest(page_id=page.page_id))
    request = notify_pb2.ResendMessageRequest(message_id=listed.messages[0].message_id)

    refused = await administrator.refused(request)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "MESSAGE_IS_A_PAGE")
    assert (await clinician.refused(request)).reason == "ROLE_NOT_ALLOWED"


async def test_parked_messages_go_again_once_per_request(
    front: Front, administrator: Any, database: Any
) -> None:
    absent = sessions_pb2.PatientAbsent(session_id=new_id(), patient_id="p-1")
    absent.notice_time.FromDatetime(datetime.now(UTC))
    await front.tell(absent)
    parked = {"state": "parked", "next_attempt_time": None, "clinical_attempt_time": None}
    database.messages.update_one({}, {"$set": parked})
    request = notify_pb2.RedriveMessagesRequest(
        request_id=new_id(), message_class=policy_pb2.MESSAGE_CLASS_CLINICAL, max_count=10
    )

    first = await administrator.ask(request)
    assert (first.redriven_count, first.has_more) == (1, False)
    assert await administrator.ask(request) == first
    (message,) = database.messages.find()
    assert message["state"] == "accepted"


@pytest.mark.usefixtures("front")
async def test_the_api_serves_the_edge(edge_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{edge_port}/livez") as answer:
            assert answer.status == 200
        async with session.get(f"http://127.0.0.1:{edge_port}/a/ffffffffffff/x") as answer:
            assert (answer.status, answer.content_type) == (404, "text/html")


async def test_another_tenant_finds_nothing(
    front: Front, administrator: Any, clinician: Any
) -> None:
    page = a_page()
    await front.tell(page)
    await administrator.ask(register())
    listed = await clinician.ask(notify_pb2.ListMessagesRequest(page_id=page.page_id))
    stranger = front.caller("dr-one", Role.CLINICIAN, tenant_id="harbor")

    for request in (
        notify_pb2.GetMessageRequest(message_id=listed.messages[0].message_id),
        notify_pb2.ListMessagesRequest(page_id=page.page_id),
        notify_pb2.ListMessagesRequest(recipient_id="dr-one"),
        notify_pb2.ListContactPointsRequest(recipient_id="dr-one"),
    ):
        assert (await stranger.refused(request)).code == "NOT_FOUND", request
