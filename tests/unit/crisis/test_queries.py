"""What clinicians and patients are shown, and that it is written down who looked."""

from __future__ import annotations

from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from chassis.errors import InvalidArgument, NotFound
from services.crisis.domain.commands import ListPage, RevealPack
from services.crisis.domain.status import Help
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House, sealed


@pytest.fixture
def house() -> House:
    return House().staffed()


def attested(location_id: Any, at: Any, address: Any, state: Any = "VA") -> Any:
    event = sessions_pb2.LocationAttested(
        location_id=location_id,
        patient_id="p-1",
        state=state,
        address_ciphertext=sealed(address),
        callback_number_ciphertext=sealed("a number"),
    )
    event.attest_time.FromDatetime(at)
    return event


def emergency_contact(name: Any, **parts: Any) -> Any:
    return intake_pb2.EmergencyContactRecorded(
        patient_id="p-1",
        name_ciphertext=sealed(name),
        phone_ciphertext=sealed("another number"),
        **parts,
    )


def status(
    house: House, subject: Any = "p-1", patient_id: Any = "p-1", role: Any = Role.PATIENT
) -> Any:
    return house.crisis.case_queries.patient_status(house.call(subject, role), patient_id)


def pack(house: House) -> Any:
    call = house.call("dr-one")
    return house.crisis.pack_queries.reveal(
        call, RevealPack(house.only_case(), "emergency_response")
    )


def test_a_patient_without_a_case_is_told_so_and_given_the_number(house: House) -> None:
    told = status(house)

    assert (told.help, told.call_number) == (Help.NONE, "988")


def test_a_patient_is_told_each_step_of_help(house: House) -> None:
    house.signal()
    steps = [status(house)]
    house.time_passes(seconds=30)
    steps.append(status(house))
    house.acknowledge(house.only_case(), "dr-two")
    steps.append(status(house))
    house.contact(house.only_case(), "dr-two")
    steps.append(status(house))
    house.resolve(house.only_case(), "dr-one")
    steps.append(status(house))

    assert [told.help for told in steps] == [
        Help.SENT,
        Help.NOBODY_YET,
        Help.TAKEN,
        Help.CONTACTED,
        Help.NONE,
    ]
    assert {told.call_number for told in steps} == {"988"}


def test_a_patient_is_told_a_role_and_never_a_name(house: House) -> None:
    house.signal()
    house.acknowledge(house.only_case(), "dr-two")

    assert status(house).owner_role == "clinician"
    assert "dr-two" not in repr(status(house))


def test_another_patients_status_does_not_exist(house: House) -> None:
    house.signal()

    with pytest.raises(NotFound):
        status(house, subject="p-2", patient_id="p-1")


def test_cases_that_need_people_come_first_then_the_worst_then_the_newest(house: House) -> None:
    house.risk("p-done")
    done = house.only_case()
    house.acknowledge(done)
    house.contact(done)
    house.resolve(done)
    house.risk("p-low", intake_pb2.RISK_TIER_LOW)
    house.risk("p-high")
    house.clock.advance(after(seconds=1) - NOON)
    house.risk("p-high-newer")

    listed = house.crisis.case_queries.page(house.call("dr-one"), ListPage("", 10, ""))

    assert [case.patient_id for case in listed.items] == [
        "p-high-newer",
        "p-high",
        "p-low",
        "p-done",
    ]


def test_a_known_patient_without_a_case_has_an_empty_list(house: House) -> None:
    house.hear(attested("l-1", NOON, "1 First Street"))

    assert house.crisis.case_queries.page(house.call("dr-one"), ListPage("p-1", 10, "")).items == []


def test_cases_of_a_patient_whom_the_tenant_does_not_know_do_not_exist(house: House) -> None:
    house.risk("p-1")

    with pytest.raises(NotFound):
        house.crisis.case_queries.page(
            house.call("dr-one", tenant_id="harbor"), ListPage("p-1", 10, "")
        )


def test_a_list_goes_on_where_it_ended(house: House) -> None:
    for number in range(5):
        house.risk(f"p-{number}")
        house.clock.advance(after(seconds=1) - NOON)
    seen, token = [], ""
    while True:
        part = house.crisis.case_queries.page(house.call("dr-one"), ListPage("", 2, token))
        seen += [case.patient_id for case in part.items]
        if not (token := part.next_page_token):
            break

    assert seen == ["p-4", "p-3", "p-2", "p-1", "p-0"]


def test_a_page_token_of_another_list_is_refused(house: House) -> None:
    for number in range(3):
        house.risk(f"p-{number}")
    part = house.crisis.case_queries.page(house.call("dr-one"), ListPage("", 1, ""))

    with pytest.raises(InvalidArgument):
        house.crisis.case_queries.page(
            house.call("dr-one"), ListPage("p-1", 1, part.next_page_token)
        )


def test_a_case_comes_with_its_timeline_oldest_first(house: House) -> None:
    house.signal()
    house.time_passes(seconds=30)

    case, acts = house.crisis.case_queries.get(house.call("dr-one"), house.only_case())

    assert case.ladder.rung == 1
    assert [act.kind for act in acts] == ["opened", "paged", "escalated", "paged"]


def test_the_whole_timeline_can_be_read_in_parts_newest_first(house: House) -> None:
    house.signal()
    for _ in range(5):
        house.time_passes(seconds=30)
    ask = ListPage(house.only_case(), 3, "")

    part = house.crisis.case_queries.page_acts(house.call("dr-one"), ask)

    assert [act.kind for act in part.items] == ["paged", "escalated", "paged"]
    assert part.next_page_token


def test_a_case_of_another_tenant_does_not_exist(house: House) -> None:
    house.signal()

    with pytest.raises(NotFound):
        house.crisis.case_queries.get(house.call("dr-one", tenant_id="harbor"), house.only_case())


def test_the_pack_holds_the_place_of_the_signal_and_the_newest_one(house: House) -> None:
    house.hear(attested("l-1", NOON, "1 First Street"))
    house.signal(location_id="l-1")
    house.hear(attested("l-2", after(minutes=5), "2 Second Street"))

    found = pack(house)

    assert (found.at_signal.address, found.newest.address) == ("1 First Street", "2 Second Street")
    assert found.is_location_changed


def test_risk_found_in_answers_freezes_the_place_known_at_that_moment(house: House) -> None:
    house.hear(attested("l-1", NOON, "1 First Street"))
    house.risk()
    house.hear(attested("l-2", after(minutes=5), "2 Second Street"))

    assert pack(house).at_signal.address == "1 First Street"


def test_the_place_of_a_signal_is_found_even_if_it_arrives_after_the_signal(house: House) -> None:
    house.signal(location_id="l-1")
    house.hear(attested("l-1", NOON, "1 First Street"))

    assert pack(house).at_signal.address == "1 First Street"


def test_a_pack_without_a_place_says_so_instead_of_hiding(house: House) -> None:
    house.signal()

    assert (pack(house).newest, pack(house).at_signal, pack(house).contact) == (None, None, None)


def test_an_older_emergency_contact_does_not_replace_a_newer_one(house: House) -> None:
    house.hear(emergency_contact("the sister", has_release=True), version=7)
    house.hear(emergency_contact("the neighbor"), version=6)
    house.signal()

    found = pack(house).contact
    assert (found.name, found.phone, found.has_release) == ("the sister", "another number", True)


def test_a_reveal_is_in_the_audit_trail_with_its_purpose(house: House) -> None:
    house.signal()
    pack(house)

    rows = [row for row in house.store.documents("audit_entries") if row["purpose"]]
    assert [(row["actor_id"], row["patient_id"], row["purpose"]) for row in rows] == [
        ("dr-one", "p-1", "emergency_response")
    ]


def test_a_revealed_pack_does_not_print_what_it_holds(house: House) -> None:
    house.hear(attested("l-1", NOON, "1 First Street"))
    house.signal(location_id="l-1")

    assert "First Street" not in repr(pack(house))


def test_a_screening_is_remembered(house: House) -> None:
    event = intake_pb2.ScreeningCompleted(
        patient_id="p-1",
        screening_id="s-1",
        instrument="phq9",
        tier=intake_pb2.RISK_TIER_MODERATE,
    )
    house.hear(event)

    (kept,) = house.store.documents("screenings")
    assert (kept["_id"], kept["tier"]) == ("s-1", "moderate")
