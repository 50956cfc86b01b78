"""An address of each channel is what its provider can be given, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from haven.notify.v1 import notify_pb2, resources_pb2

from chassis.errors import InvalidArgument
from services.notify.codec import names, wire
from services.notify.domain.contact import RANKS, is_address, masked
from services.notify.domain.message import Channel
from tests.unit.notify.house import ADDRESSES, House

GOOD = {
    Channel.SMS: ["+15555550142", "+4915555550142", "+1234567"],
    Channel.VOICE: ["+15555550142"],
    Channel.PUSH: ["a" * 16, "cXyz:APA91b-_.=" + "x" * 100],
    Channel.WEBHOOK: ["https://partner.example/hook?a=1", "https://partner.example:8443/"],
}
BAD = {
    Channel.SMS: [
        "5555550142",
        "+0155555501",
        "+1 555 555 0142",
        "+1555555014212345",
        "+1\u0665555550142",
    ],
    Channel.VOICE: ["lee@staff.example"],
    Channel.PUSH: ["short", "with space and more", "x" * 1025, "a/b" * 8],
    Channel.WEBHOOK: [
        "http://partner.example/",
        "https://user:word@partner.example/",
        "https:///nowhere",
        "https://partner.example/#part",
        "https://partner.example:99999/",
        "https://partner.example:0/",
        "https://partner.example/ ",
        "https://[partner.example/",
    ],
}  # fmt: skip


def pairs(table: Any) -> Any:
    return [(channel, address) for channel, found in table.items() for address in found]


def request(channel: Channel, address: str, **more: Any) -> Any:
    number = names.CHANNEL_NUMBERS[channel]
    return notify_pb2.RegisterContactPointRequest(
        recipient_id="dr-one", channel=number, address=address, **more
    )


@pytest.mark.parametrize(("channel", "address"), pairs(GOOD))
def test_what_a_provider_can_be_given_is_taken(channel: Any, address: Any) -> None:
    assert wire.register_contact_point(request(channel, address)).address == address


@pytest.mark.parametrize(("channel", "address"), pairs(BAD))
def test_everything_else_is_refused_without_repeating_it(channel: Any, address: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        wire.register_contact_point(request(channel, address))

    assert {each.field for each in refused.value.violations} == {"address"}
    assert address not in str(refused.value)


@pytest.mark.parametrize("rank", [-1, 100])
def test_an_order_has_bounds(rank: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        wire.register_contact_point(request(Channel.SMS, "+15555550142", rank=rank))

    assert [each.field for each in refused.value.violations] == ["rank"]


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_has_its_word_on_the_wire_its_place_and_its_rule(channel: Any) -> None:
    assert names.CHANNEL_NUMBERS[channel] != resources_pb2.CHANNEL_UNSPECIFIED
    assert channel in RANKS
    assert is_address(channel, ADDRESSES[channel])


def test_every_word_of_the_wire_has_its_channel() -> None:
    numbers = [number for number in resources_pb2.Channel.values() if number]

    assert sorted(names.CHANNELS) == sorted(numbers)


@pytest.mark.parametrize("channel", Channel)
def test_a_masked_address_is_of_no_use_to_others(channel: Any) -> None:
    shown = masked(channel, ADDRESSES[channel])

    assert "***" in shown
    assert len(shown.replace("*", "").removeprefix("https://")) <= 2


def test_no_address_and_no_number_rests_in_the_open() -> None:
    house = House().reached_by(*Channel)

    for stored in house.store.documents("contact_points"):
        in_plain = {name: value for name, value in stored.items() if name != "address_ciphertext"}
        assert not any(address in repr(in_plain) for address in ADDRESSES.values())


def test_an_order_can_be_changed() -> None:
    house = House().reached_by(Channel.EMAIL, Channel.SMS)
    house.register("dr-one", "lee@staff.example", rank=9)
    house.page()
    house.time_passes()

    assert house.ways == ["sms"]
