"""People say how they are reached; nobody reads it back."""

from __future__ import annotations

from typing import Any

import pytest
from haven.notify.v1 import notify_pb2, resources_pb2

from chassis.call import Role
from chassis.errors import Aborted, InvalidArgument, NotFound, PermissionDenied
from chassis.store import etag_of
from services.notify.codec import answers, wire
from services.notify.domain.commands import ListPage, RegisterContactPoint
from services.notify.domain.message import Channel
from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    return House()


def test_an_address_is_kept_as_ciphertext_only(house: House) -> None:
    house.register("dr-one", "lee@staff.example")

    (stored,) = house.store.documents("contact_points")
    in_plain = {name: value for name, value in stored.items() if name != "address_ciphertext"}
    assert "staff.example" not in repr(in_plain)


def test_an_answer_shows_a_masked_address(house: House) -> None:
    point = house.register("dr-one", "lee@staff.example")

    told = answers.register_contact_point(point).contact_point
    assert told.masked_address == "l***@***"
    assert b"staff.example" not in told.SerializeToString()


def test_a_clinician_sets_the_own_address(house: House) -> None:
    command = RegisterContactPoint("dr-one", Channel.EMAIL, "lee@staff.example")

    point = house.notify.contacts.register(house.call("dr-one", Role.CLINICIAN), command)

    assert point.recipient_id == "dr-one"


def test_a_clinician_does_not_set_another_ones_address(house: House) -> None:
    command = RegisterContactPoint("dr-two", Channel.EMAIL, "lee@staff.example")

    with pytest.raises(PermissionDenied) as refused:
        house.notify.contacts.register(house.call("dr-one", Role.CLINICIAN), command)

    assert refused.value.reason == "CONTACT_POINT_OF_ANOTHER"
    assert house.store.documents("contact_points") == []


def test_an_edit_of_what_somebody_else_changed_is_refused(house: House) -> None:
    seen = etag_of(house.register("dr-one", "lee@staff.example"))
    house.register("dr-one", "kim@staff.example")

    with pytest.raises(Aborted) as refused:
        house.register("dr-one", "lee@staff.example", seen)

    assert refused.value.reason == "ETAG_STALE"


def test_a_recipient_has_one_address_per_channel(house: House) -> None:
    house.register("dr-one", "lee@staff.example")
    house.register("dr-one", "kim@staff.example")

    listed = house.notify.queries.contact_points(house.call(), ListPage("dr-one", "", 10, ""))
    assert [point.masked_address for point in listed.items] == ["k***@***"]


def test_another_tenants_contact_points_do_not_exist(house: House) -> None:
    house.register("dr-one", "lee@staff.example")

    with pytest.raises(NotFound):
        house.notify.queries.contact_points(
            house.call(tenant_id="harbor"), ListPage("dr-one", "", 10, "")
        )


def test_a_command_does_not_print_its_address() -> None:
    assert "lee" not in repr(RegisterContactPoint("dr-one", Channel.EMAIL, "lee@staff.example"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "nobody",
        "two@at@signs",
        "a b@staff.example",
        "lee@staff.example\r\nBcc: all@staff.example",
        "ü@staff.example",
        "x" * 250 + "@staff.example",
    ],
)
def test_what_is_not_one_address_is_refused(address: Any) -> None:
    request = notify_pb2.RegisterContactPointRequest(
        recipient_id="dr-one", channel=resources_pb2.CHANNEL_EMAIL, address=address
    )

    with pytest.raises(InvalidArgument) as refused:
        wire.register_contact_point(request)

    assert {each.field for each in refused.value.violations} == {"address"}
    assert not address.strip() or address not in str(refused.value)


def test_a_channel_that_is_not_given_is_refused() -> None:
    request = notify_pb2.RegisterContactPointRequest(
        recipient_id="dr-one", address="lee@staff.example"
    )

    with pytest.raises(InvalidArgument) as refused:
        wire.register_contact_point(request)

    assert [each.field for each in refused.value.violations] == ["channel"]


def test_messages_can_be_listed_by_page_and_by_recipient(house: House) -> None:
    page_id = house.reachable("dr-one").page()
    house.page()
    ask = house.notify.queries.messages

    assert len(ask(house.call(), ListPage("", page_id, 10, "")).items) == 1
    assert len(ask(house.call(), ListPage("dr-one", "", 10, "")).items) == 2


def test_messages_of_somebody_who_never_got_one_do_not_exist(house: House) -> None:
    with pytest.raises(NotFound):
        house.notify.queries.messages(house.call(), ListPage("dr-one", "", 10, ""))


@pytest.mark.parametrize("ids", [{}, {"recipient_id": "dr-one", "page_id": "page-1"}])
def test_a_list_of_messages_is_about_one_thing(ids: Any) -> None:
    with pytest.raises(InvalidArgument):
        wire.list_messages(notify_pb2.ListMessagesRequest(**ids))


def test_a_message_tells_its_attempts_and_never_its_address(house: House) -> None:
    house.reachable("dr-one").page()
    house.time_passes()
    id = house.messages[0]["_id"]

    told = answers.get_message(house.notify.queries.message(house.call(), id)).message

    assert told.state == resources_pb2.MESSAGE_STATE_DELIVERED
    assert [attempt.reason for attempt in told.attempts] == [""]
    assert b"staff.example" not in told.SerializeToString()


def test_another_tenants_message_does_not_exist(house: House) -> None:
    house.reachable("dr-one").page()

    with pytest.raises(NotFound):
        house.notify.queries.message(house.call(tenant_id="harbor"), house.messages[0]["_id"])


def test_reading_a_patients_messages_is_in_the_patients_audit_trail(house: House) -> None:
    house.absence()
    house.notify.queries.messages(house.call(), ListPage("p-1", "", 10, ""))

    rows = house.store.documents("audit_entries")
    assert [(row["actor_id"], row["patient_id"]) for row in rows][-1] == ("boss", "p-1")
