"""An emergency pack of which only a part can be opened: help is sent by the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2
from prometheus_client import REGISTRY

from chassis.deadline import Deadline
from chassis.errors import DeadlineExceeded
from services.crisis.codec import answers
from services.crisis.domain.commands import KeepEmergencyContact, RevealPack
from services.crisis.queries import Opening
from tests.unit.crisis.builders import NOON
from tests.unit.crisis.house import KEY_AWAY, House, sealed

FOREIGN = sealed("1 First Street", tenant_id="harbor")
ALL = [
    "newest_location.address",
    "newest_location.callback_number",
    "signal_location.address",
    "signal_location.callback_number",
    "emergency_contact.name",
    "emergency_contact.phone",
]


def a_house(**ciphertexts: bytes) -> House:
    """A case with a place and a contact, sealed as told."""
    house = House().staffed()
    place = sessions_pb2.LocationAttested(
        location_id="l-1",
        patient_id="p-1",
        state="VA",
        address_ciphertext=ciphertexts.get("address", sealed("1 First Street")),
        callback_number_ciphertext=ciphertexts.get("callback", sealed("a number")),
    )
    place.attest_time.FromDatetime(NOON)
    contact = intake_pb2.EmergencyContactRecorded(
        patient_id="p-1",
        name_ciphertext=ciphertexts.get("name", sealed("the sister")),
        phone_ciphertext=ciphertexts.get("phone", sealed("another number")),
        has_release=True,
    )
    house.hear(place)
    house.hear(contact)
    house.signal(location_id="l-1")
    return house


def revealed(house: House) -> Any:
    """The pack as it is answered."""
    command = RevealPack(house.only_case(), "emergency_response")
    pack = house.crisis.pack_queries.reveal(house.call("dr-one"), command)
    return answers.emergency_pack(pack).emergency_pack


def test_a_pack_that_can_be_opened_marks_nothing() -> None:
    assert list(revealed(a_house()).unreadable_fields) == []


@pytest.mark.parametrize("damaged", [FOREIGN, KEY_AWAY])
def test_a_field_that_cannot_be_opened_does_not_hide_the_others(damaged: bytes) -> None:
    pack = revealed(a_house(address=damaged))

    assert list(pack.unreadable_fields) == ["newest_location.address", "signal_location.address"]
    assert (pack.newest_location.address, pack.signal_location.address) == ("", "")
    assert pack.newest_location.callback_number == "a number"
    assert (pack.emergency_contact.name, pack.emergency_contact.phone) == (
        "the sister",
        "another number",
    )


def test_with_the_keys_away_what_was_never_sealed_is_still_told() -> None:
    house = a_house(address=KEY_AWAY, callback=KEY_AWAY, name=KEY_AWAY, phone=KEY_AWAY)

    pack = revealed(house)

    assert list(pack.unreadable_fields) == ALL
    assert (pack.newest_location.state, pack.emergency_contact.has_release) == ("VA", True)


def test_an_unreadable_field_names_a_field_of_the_pack() -> None:
    pack = revealed(a_house())

    for path in ALL:
        part, _, field = path.partition(".")
        assert getattr(getattr(pack, part), field)


def test_what_cannot_be_opened_is_counted_by_its_reason() -> None:
    name, labels = "haven_crisis_pack_fields_unreadable_total", {"reason": "CIPHERTEXT_FOREIGN"}
    before = REGISTRY.get_sample_value(name, labels) or 0.0

    revealed(a_house(name=FOREIGN))

    assert REGISTRY.get_sample_value(name, labels) == before + 1


def test_nothing_more_is_opened_once_the_caller_has_left() -> None:
    asked: list[bytes] = []

    def reveal(tenant_id: str, ciphertext: bytes) -> str:
        asked.append(ciphertext)
        return tenant_id

    call = replace(House().call("dr-one"), deadline=Deadline.after(0))
    opening = Opening(call, reveal)

    with pytest.raises(DeadlineExceeded):
        opening.contact("emergency_contact", KeepEmergencyContact("p-1", b"1", b"2", True))

    assert asked == []
