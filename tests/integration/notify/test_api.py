"""Notify as its callers meet it: through tokens, certificates and gRPC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.notify.v1 import notify_pb2
from haven.notify.v1 import resources_pb2 as resource
from haven.policy.v1 import policy_pb2

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
