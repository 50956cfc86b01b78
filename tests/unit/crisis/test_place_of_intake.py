"""Before the first session a patient is where intake recorded them to be."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from services.crisis.codec import pack_answers
from services.crisis.domain.commands import RevealPack
from tests.unit.crisis.builders import after
from tests.unit.crisis.house import House, sealed


def recorded(house: House) -> None:
    place = intake_pb2.LocationRecorded(
        location_id="l-0",
        patient_id="p-1",
        state="VA",
        address_ciphertext=sealed("1 First Street"),
        callback_number_ciphertext=sealed("a number"),
        emergency_number_ciphertext=sealed("2025550143"),
    )
    place.attest_time.FromDatetime(after(minutes=-30))
    house.hear(place)


def pack(house: House) -> Any:
    command = RevealPack(house.only_case(), "emergency_response")
    found = house.crisis.pack_queries.reveal(house.call("dr-one"), command)
    return pack_answers.emergency_pack(found).emergency_pack


def test_a_case_before_the_first_session_knows_the_place_and_its_own_dispatch() -> None:
    house = House().staffed()
    recorded(house)
    house.risk("p-1")

    found = pack(house)

    assert found.newest_location.address == "1 First Street"
    assert found.newest_location.local_emergency_number == "2025550143"
    assert found.signal_location == found.newest_location


def test_a_place_attested_in_a_session_is_newer_and_the_change_shows() -> None:
    house = House().staffed()
    recorded(house)
    house.risk("p-1")
    moved = sessions_pb2.LocationAttested(
        location_id="l-1",
        patient_id="p-1",
        state="VA",
        address_ciphertext=sealed("2 Second Street"),
        callback_number_ciphertext=sealed("a number"),
    )
    moved.attest_time.FromDatetime(after(minutes=5))
    house.hear(moved)

    found = pack(house)

    assert found.newest_location.address == "2 Second Street"
    assert found.newest_location.local_emergency_number == ""
    assert found.signal_location.local_emergency_number == "2025550143"
    assert found.is_location_changed
