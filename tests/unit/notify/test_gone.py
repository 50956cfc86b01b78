"""A device whose app is gone: it is not tried again, its person is reached by what they still have,
and a token registered anew works at once."""

from __future__ import annotations

from typing import Any

import pytest
from haven.notify.v1 import resources_pb2 as pb

from chassis.errors import FailedPrecondition
from services.notify.codec import answers
from services.notify.codec.documents import contact_point_from
from services.notify.domain.commands import ListPage
from services.notify.domain.message import Channel
from tests.unit.notify.house import ADDRESSES, House

PUSH, TEXT, WEBHOOK = Channel.PUSH, Channel.SMS, Channel.WEBHOOK
GONE = FailedPrecondition("ADDRESS_GONE", "the app was removed from the device")
REFUSED = FailedPrecondition("PROVIDER_REFUSED", "no")


@pytest.fixture
def house() -> House:
    """Dr. One has a push first, then texts; the app was removed from the device."""
    house = House().reached_by(PUSH, TEXT)
    house.silence(PUSH, failure=GONE)
    return house


def paged(house: House) -> dict[str, Any]:
    """A page is asked for and tried until it is with a provider or over; how it stands."""
    house.page()
    for _ in range(2):
        house.time_passes()
    return house.messages[-1]


def tried(message: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["channel"], each["reason"]) for each in message["attempts"]]


def told(house: House) -> dict[int, bool]:
    """What a list of Dr. One's contact points says: by channel, whether it is gone."""
    page = house.notify.queries.contact_points(house.call(), ListPage("dr-one", "", 10, ""))
    points = answers.list_contact_points(page).contact_points
    return {each.channel: each.HasField("gone_time") for each in points}


def test_later_pages_take_another_channel_at_once(house: House) -> None:
    paged(house)
    asked = house.providers[PUSH].asked

    assert tried(paged(house)) == [("sms", "")]
    assert house.providers[PUSH].asked == asked


def test_the_page_that_found_it_out_goes_on_and_its_history_keeps_it(house: House) -> None:
    assert tried(paged(house)) == [("push", "ADDRESS_GONE"), ("sms", "")]


def test_staff_see_which_of_their_contact_points_is_gone(house: House) -> None:
    assert told(house) == {pb.CHANNEL_PUSH: False, pb.CHANNEL_SMS: False}
    paged(house)

    assert told(house) == {pb.CHANNEL_PUSH: True, pb.CHANNEL_SMS: False}


def test_a_token_registered_anew_is_used_again(house: House) -> None:
    paged(house)
    house.providers[PUSH].failure = None
    house.register("dr-one", "token-of-an-app-2", channel=PUSH, rank=1)

    assert tried(paged(house)) == [("push", "")]
    assert told(house) == {pb.CHANNEL_PUSH: False, pb.CHANNEL_SMS: False}


def test_a_token_registered_while_the_old_one_is_tried_is_kept(house: House) -> None:
    provider = house.providers[PUSH]

    def registered_meanwhile(_: Any) -> Any:
        house.register("dr-one", "token-of-an-app-2", channel=PUSH, rank=1)
        raise GONE

    provider.send = registered_meanwhile
    paged(house)
    del provider.send
    provider.failure = None

    assert tried(paged(house)) == [("push", "")]


def test_somebody_with_nothing_else_is_told_of_to_crisis_at_once() -> None:
    house = House().reached_by(PUSH)
    house.silence(PUSH, failure=GONE)
    for _ in range(2):
        paged(house)

    assert house.providers[PUSH].asked == 1
    assert [each.reason for each in house.failed] == ["ADDRESS_GONE", "ADDRESS_GONE"]


@pytest.mark.parametrize(("channel", "failure"), [(PUSH, REFUSED), (WEBHOOK, GONE), (TEXT, GONE)])
def test_only_a_tokens_own_end_is_for_good(channel: Any, failure: Any) -> None:
    house = House().reached_by(channel)
    house.silence(channel, failure=failure)
    paged(house)
    house.providers[channel].failure = None

    assert tried(paged(house)) == [(channel.value, "")]


def test_a_contact_point_of_an_earlier_release_is_in_use() -> None:
    house = House()
    house.register("dr-one", ADDRESSES[PUSH], channel=PUSH)
    (document,) = house.store.documents("contact_points")
    del document["gone_time"]

    assert not contact_point_from(document).is_gone
