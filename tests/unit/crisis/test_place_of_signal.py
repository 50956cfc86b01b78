"""Where the patient was when a signal was raised, and what a pack says while nobody here knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.ids import new_id
from services.crisis.codec import pack_answers
from services.crisis.domain.commands import IdentifyPatient, RevealPack
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House, sealed

OLD, NEW = "1 First Street", "2 Second Street"


def attested(location_id: str, at: Any, address: str) -> sessions_pb2.LocationAttested:
    place = sessions_pb2.LocationAttested(
        location_id=location_id,
        patient_id="p-1",
        state="VA",
        address_ciphertext=sealed(address),
        callback_number_ciphertext=sealed("a number"),
    )
    place.attest_time.FromDatetime(at)
    return place


def raised(
    place: sessions_pb2.LocationAttested, at: datetime = NOON
) -> sessions_pb2.SafetySignalRaised:
    signal = sessions_pb2.SafetySignalRaised(
        safety_signal_id=new_id(), patient_id="p-1", location_id=place.location_id, location=place
    )
    signal.raise_time.FromDatetime(at)
    return signal


def pack(house: House) -> Any:
    command = RevealPack(house.only_case(), "emergency_response")
    found = house.crisis.pack_queries.reveal(house.call("dr-one"), command)
    return pack_answers.emergency_pack(found).emergency_pack


def test_nobody_is_said_to_have_moved_while_the_place_of_the_signal_is_on_its_way() -> None:
    house = House().staffed()
    house.hear(attested("l-1", NOON, OLD))
    house.signal(location_id="l-2")

    found = pack(house)

    assert not found.is_location_changed
    assert list(found.awaited_parts) == ["signal_location"]
    assert "signal_location" not in found.missing_parts
    assert found.newest_location.address == OLD


def test_what_has_arrived_is_not_awaited() -> None:
    house = House().staffed()
    house.hear(attested("l-1", NOON, OLD))
    house.signal(location_id="l-2")
    house.hear(attested("l-2", NOON, NEW))

    assert list(pack(house).awaited_parts) == []


def test_a_patient_who_never_said_a_place_before_the_signal_has_not_moved() -> None:
    house = House().staffed()
    house.signal()
    house.hear(attested("l-1", after(minutes=5), OLD))

    found = pack(house)

    assert not found.is_location_changed
    assert "signal_location" in found.missing_parts


def test_a_signal_brings_its_place_along_whatever_holds_the_attestation_up() -> None:
    house = House().staffed()
    house.hear(attested("l-1", after(minutes=-30), OLD))
    house.hear(raised(attested("l-2", NOON, NEW)))

    found = pack(house)

    assert found.newest_location.address == found.signal_location.address == NEW
    assert not found.is_location_changed
    assert list(found.awaited_parts) == []


def test_the_attestation_that_comes_after_its_signal_changes_nothing() -> None:
    house = House().staffed()
    place = attested("l-2", NOON, NEW)
    house.hear(raised(place))
    house.hear(place)

    (kept,) = house.store.documents("locations")
    assert (kept["_id"], kept["patient_id"]) == ("l-2", "p-1")


@pytest.mark.parametrize("fault", [{"location_id": ""}, {"patient_id": "p-other"}])
def test_a_signal_is_heard_whatever_is_wrong_with_the_place_it_brings(fault: Any) -> None:
    house = House().staffed()
    signal = raised(attested("l-2", NOON, NEW))
    for name, value in fault.items():
        setattr(signal.location, name, value)
    house.hear(signal)

    assert pack(house).patient_id == "p-1"
    assert house.store.documents("locations") == []


def test_a_signal_that_joins_a_case_says_where_the_patient_is_by_then() -> None:
    house = House().staffed()
    house.hear(raised(attested("l-1", NOON, OLD)))
    house.hear(raised(attested("l-2", after(minutes=5), NEW), at=after(minutes=6)))

    found = pack(house)

    assert found.signal_location.address == NEW
    assert not found.is_location_changed


def test_a_signal_that_was_held_up_takes_no_newer_place_away() -> None:
    house = House().staffed()
    house.hear(raised(attested("l-2", after(minutes=5), NEW), at=after(minutes=6)))
    house.hear(raised(attested("l-1", NOON, OLD)))

    assert pack(house).signal_location.address == NEW


def test_a_signal_without_a_place_takes_none_away() -> None:
    house = House().staffed()
    house.hear(raised(attested("l-1", NOON, OLD)))
    house.risk()

    assert pack(house).signal_location.address == OLD


def test_whoever_is_identified_was_where_they_said_to_be_when_the_text_came() -> None:
    house = House().staffed()
    text = notify_pb2.InboundRiskRaised(inbound_risk_id="t-1", sender_key="a-key")
    text.receive_time.FromDatetime(NOON)
    house.hear(text)
    house.hear(attested("l-1", after(minutes=-30), OLD))
    house.hear(attested("l-2", after(minutes=5), NEW))
    house.crisis.cases.identify(house.call("dr-one"), IdentifyPatient(house.only_case(), "p-1"))

    found = pack(house)

    assert (found.signal_location.address, found.newest_location.address) == (OLD, NEW)
    assert found.is_location_changed


def test_risk_found_before_an_attestation_arrives_is_where_it_says_and_nobody_has_moved() -> None:
    house = House().staffed()
    house.hear(attested("l-1", after(minutes=-30), OLD))
    house.risk()
    house.hear(attested("l-2", after(minutes=-5), NEW))

    found = pack(house)

    assert found.signal_location.address == found.newest_location.address == NEW
    assert not found.is_location_changed


def test_a_case_of_an_earlier_release_has_the_place_of_its_beginning() -> None:
    house = House().staffed()
    house.hear(attested("l-1", after(minutes=-30), OLD))
    house.risk()
    house.store.transact(
        house.call("boss"),
        lambda tx: tx.update_one(
            "cases", {"_id": house.only_case()}, {"$unset": {"signal_time": ""}}
        ),
    )

    assert pack(house).signal_location.address == OLD
