"""What in a pack is old is marked, and shown all the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from services.crisis.codec import pack_answers
from services.crisis.domain.commands import RevealPack
from tests.unit.crisis.builders import after
from tests.unit.crisis.house import House, sealed


def a_house(**numbers: Any) -> House:
    """A case that opens at noon."""
    house = House(**numbers).staffed()
    house.signal()
    return house


def attests(house: House, at: datetime, location_id: str = "l-1") -> None:
    place = sessions_pb2.LocationAttested(
        location_id=location_id,
        patient_id="p-1",
        state="VA",
        address_ciphertext=sealed("1 First Street"),
    )
    place.attest_time.FromDatetime(at)
    house.hear(place)


def names_a_contact(house: House, at: datetime | None) -> None:
    contact = intake_pb2.EmergencyContactRecorded(
        patient_id="p-1", name_ciphertext=sealed("the sister"), has_release=True
    )
    if at is not None:
        contact.record_time.FromDatetime(at)
    house.hear(contact)


def pack(house: House) -> Any:
    command = RevealPack(house.only_case(), "emergency_response")
    found = house.crisis.pack_queries.reveal(house.call("dr-one"), command)
    return pack_answers.emergency_pack(found).emergency_pack


@pytest.mark.parametrize(("hours", "is_stale"), [(3.9, False), (4, False), (4.1, True), (96, True)])
def test_a_place_attested_longer_ago_than_a_block_of_sessions_lasts_is_marked(
    hours: float, is_stale: bool
) -> None:
    house = a_house()
    attests(house, after(hours=-hours))

    found = pack(house).newest_location

    assert (found.address, found.is_stale) == ("1 First Street", is_stale)


def test_each_place_is_as_old_as_itself() -> None:
    house = a_house()
    attests(house, after(hours=-5))
    attests(house, after(hours=1), "l-2")

    found = pack(house)

    assert (found.signal_location.is_stale, found.newest_location.is_stale) == (True, False)


@pytest.mark.parametrize(("days", "is_stale"), [(90, False), (91, True)])
def test_a_contact_that_nobody_has_confirmed_for_long_is_marked_with_its_date(
    days: int, is_stale: bool
) -> None:
    house = a_house()
    names_a_contact(house, after(days=-days))

    found = pack(house).emergency_contact

    assert (found.name, found.is_stale) == ("the sister", is_stale)
    assert found.record_time.ToDatetime(tzinfo=after().tzinfo) == after(days=-days)


def test_a_contact_of_which_nobody_knows_how_old_it_is_counts_as_old() -> None:
    house = a_house()
    names_a_contact(house, None)

    found = pack(house).emergency_contact

    assert (found.is_stale, found.HasField("record_time")) == (True, False)


def test_a_tenant_says_how_long_it_trusts_them() -> None:
    house = a_house(location_fresh_seconds=60.0, contact_fresh_days=1)
    attests(house, after(minutes=-2))
    names_a_contact(house, after(days=-2))

    found = pack(house)

    assert found.newest_location.is_stale
    assert found.emergency_contact.is_stale
