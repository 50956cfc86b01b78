"""An emergency pack of which only a part can be opened: help is sent by the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from haven.crisis.v1 import resources_pb2 as resource
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2
from prometheus_client import REGISTRY

from chassis.call import Role
from chassis.deadline import Deadline
from chassis.errors import DeadlineExceeded
from services.crisis.codec import pack_answers
from services.crisis.domain.aftercare_commands import (
    NumberEntry,
    PlainItem,
    PlainSection,
    PutLocalNumbers,
    ReviseSafetyPlan,
)
from services.crisis.domain.commands import KeepEmergencyContact, RevealPack
from services.crisis.domain.jurisdiction import NumberKind
from services.crisis.domain.safety_plan import SectionKind
from services.crisis.queries import Opening
from tests.unit.crisis.builders import NOON, after
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
        others_present_ciphertext=sealed("a brother, in the kitchen"),
        disconnection_plan_ciphertext=ciphertexts.get("plan", sealed("we call at once")),
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
    return pack_answers.emergency_pack(pack).emergency_pack


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


def moved(house: House, state: str = "MD") -> None:
    """The patient says another place after the signal."""
    place = sessions_pb2.LocationAttested(location_id="l-2", patient_id="p-1", state=state)
    place.attest_time.FromDatetime(after(minutes=5))
    house.hear(place)


def test_a_pack_says_by_itself_what_nobody_has_recorded() -> None:
    house = House().staffed()
    house.signal()

    pack = revealed(house)

    assert list(pack.missing_parts) == [
        "newest_location",
        "signal_location",
        "emergency_contact",
        "safety_plan",
        "duty_to_warn",
        "other_providers",
        "local_numbers.psap",
        "local_numbers.mobile_crisis",
        "local_numbers.emergency_department",
    ]
    assert (pack.call_number, bool(pack.dispatch_caution)) == ("988", True)


def test_a_complete_pack_misses_nothing() -> None:
    house = a_house()
    entries = tuple(
        NumberEntry(kind, "a fictional agency", "+12025550100", NOON.date()) for kind in NumberKind
    )
    call = house.call("boss", Role.ADMINISTRATOR)
    house.crisis.care.jurisdictions.put_numbers(call, PutLocalNumbers("VA", "", entries, ""))
    sections = (
        PlainSection(SectionKind.OWN_COPING, (PlainItem("a walk", ""),)),
        PlainSection(SectionKind.PROFESSIONALS, (PlainItem("a family doctor", ""),)),
    )
    command = ReviseSafetyPlan("p-1", sections, None, "")
    house.crisis.care.safety_plans.revise(house.call("dr-one"), command)

    pack = revealed(house)

    assert list(pack.missing_parts) == []
    assert [item.text for item in pack.safety_plan.sections[0].items] == ["a walk"]
    assert pack.safety_plan.summary.version.plan_version == 1


def test_who_else_is_there_and_what_to_do_if_the_line_drops_stand_with_the_place() -> None:
    place = revealed(a_house()).newest_location

    assert place.others_present == "a brother, in the kitchen"
    assert place.disconnection_plan == "we call at once"


def test_what_the_patient_was_not_asked_at_this_place_is_named_as_missing() -> None:
    house = a_house()
    moved(house)

    missing = revealed(house).missing_parts

    assert "newest_location.others_present" in missing
    assert "newest_location.disconnection_plan" in missing


def test_a_plan_for_the_line_that_cannot_be_opened_is_unreadable_and_not_missing() -> None:
    pack = revealed(a_house(plan=KEY_AWAY))

    assert "newest_location.disconnection_plan" in pack.unreadable_fields
    assert "newest_location.disconnection_plan" not in pack.missing_parts


def test_other_providers_are_missing_until_the_safety_plan_names_professionals() -> None:
    house = a_house()
    coping = (PlainSection(SectionKind.OWN_COPING, (PlainItem("a walk", ""),)),)
    command = ReviseSafetyPlan("p-1", coping, None, "")
    house.crisis.care.safety_plans.revise(house.call("dr-one"), command)

    assert "other_providers" in revealed(house).missing_parts


def test_a_stale_number_is_marked_and_neither_hidden_nor_missing() -> None:
    house = a_house()
    house.put_numbers("VA", NumberKind.PSAP, verified_on=after(days=-200).date())

    pack = revealed(house)

    assert [(each.phone, each.is_stale) for each in pack.local_numbers] == [("+12025550100", True)]
    assert "local_numbers.psap" not in pack.missing_parts


def test_after_a_move_the_newest_state_s_numbers_come_first_and_its_law_holds() -> None:
    house = a_house()
    for state in ("VA", "MD", "OR"):
        house.put_numbers(state, NumberKind.PSAP, verified_on=NOON.date())
    moved(house)

    pack = revealed(house)

    assert pack.is_location_changed
    assert [each.state for each in pack.local_numbers] == ["MD", "VA"]
    assert pack.duty_to_warn.state == "MD"


def test_numbers_of_the_place_before_the_move_do_not_stand_in_for_those_of_the_new_one() -> None:
    house = a_house()
    house.put_numbers("VA", NumberKind.PSAP, verified_on=NOON.date())
    moved(house)

    assert "local_numbers.psap" in revealed(house).missing_parts


def test_with_the_keys_away_local_help_is_still_told() -> None:
    house = a_house(address=KEY_AWAY, callback=KEY_AWAY, name=KEY_AWAY, phone=KEY_AWAY)
    house.put_numbers("VA", NumberKind.PSAP, verified_on=NOON.date())

    pack = revealed(house)

    assert [each.phone for each in pack.local_numbers] == ["+12025550100"]
    assert pack.duty_to_warn.rule == resource.DUTY_TO_WARN_RULE_UNKNOWN
