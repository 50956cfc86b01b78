"""A name in a group is opened for a reason, to one person, for a while, and others are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import Role
from chassis.ids import new_id
from tests.unit.intake.house import CLINICIAN, SUPERVISOR, House, Person, a_person

OFFICER = a_person("privacy-pat", Role.PRIVACY_OFFICER)
COLLEAGUE = a_person("dr-roe", Role.CLINICIAN)
GROUP = "monday"


@pytest.fixture
def house() -> House:
    return House(privacy_officers=("privacy-pat", "privacy-sam"))


def seated(house: House, **changes: Any) -> tuple[Person, str]:
    """A patient with a seat, and the name that peers see."""
    patient = house.patient(**changes)
    house.hear(scheduling.SeriesEnrolled(patient_id=patient.subject, group_id=GROUP))
    return patient, house.emitted(events.AliasAssigned)[-1].alias


def asking(alias: str, **changes: Any) -> wire.RevealAliasRequest:
    values = {"group_id": GROUP, "alias": alias, "purpose": resources.REVEAL_PURPOSE_CRISIS}
    return wire.RevealAliasRequest(**(values | {"request_id": new_id()} | changes))


def reading(reveal_id: str) -> wire.GetAliasRevealRequest:
    return wire.GetAliasRevealRequest(alias_reveal_id=reveal_id)


def seconds(number: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=number))
    return duration


def rows(house: House, *, about: Person) -> list[tuple[str, str, str]]:
    """The patient's trail: who opened or read, and why."""
    return [
        (row["action"], row["actor_id"], row["purpose"])
        for row in house.documents("audit_entries")
        if row["patient_id"] == about.subject and row["action"].startswith("alias.reveal")
    ]


def test_whoever_answers_a_crisis_knows_who_it_is_after_one_call(house: House) -> None:
    ana, alias = seated(house)
    answer = house.ask(CLINICIAN, asking(alias))
    assert answer.identity.legal_name == "Planted Name"
    assert answer.identity.phone == "+15405550142"
    assert answer.alias_reveal.patient_id == ana.subject


def test_it_is_read_again_while_it_lasts_and_not_a_moment_longer(house: House) -> None:
    _, alias = seated(house)
    reveal = house.ask(CLINICIAN, asking(alias, reveal_duration=seconds(60))).alias_reveal
    house.clock.advance(timedelta(seconds=59.999))
    assert house.ask(CLINICIAN, reading(reveal.alias_reveal_id)).identity.legal_name
    house.clock.advance(timedelta(milliseconds=1))
    refused = house.refused(CLINICIAN, reading(reveal.alias_reveal_id))
    assert (type(refused).__name__, refused.reason) == ("FailedPrecondition", "REVEAL_EXPIRED")


def test_the_same_request_reads_it_again_and_is_refused_once_it_has_ended(house: House) -> None:
    ana, alias = seated(house)
    request = asking(alias, reveal_duration=seconds(60))
    assert house.ask(CLINICIAN, request) == house.ask(CLINICIAN, request)
    house.clock.advance(timedelta(seconds=60))
    assert house.refused(CLINICIAN, request).reason == "REVEAL_EXPIRED"
    assert len(house.documents("alias_reveals")) == 1
    assert rows(house, about=ana) == [("alias.reveal", "dr-lee", "crisis")] * 2


def test_who_it_is_lies_nowhere_in_the_answer_that_is_kept(house: House) -> None:
    _, alias = seated(house)
    house.ask(CLINICIAN, asking(alias))
    kept = b"".join(row["answer"] for row in house.documents("idempotency_keys"))
    assert alias.encode() in kept
    assert b"Planted" not in kept
    assert b"+1540" not in kept
    assert "Planted" not in str(house.documents("alias_reveals"))


@pytest.mark.parametrize("somebody_else", [COLLEAGUE, SUPERVISOR])
def test_what_was_opened_to_one_does_not_exist_for_another(
    house: House, somebody_else: Person
) -> None:
    _, alias = seated(house)
    reveal_id = house.ask(CLINICIAN, asking(alias)).alias_reveal.alias_reveal_id
    assert house.refused(somebody_else, reading(reveal_id)).reason == "NOT_FOUND"
    assert house.refused(CLINICIAN.elsewhere(), reading(reveal_id)).reason == "NOT_FOUND"


def by_id(patient: Person) -> wire.RevealPatientIdentityRequest:
    purpose = resources.REVEAL_PURPOSE_TREATMENT
    return wire.RevealPatientIdentityRequest(patient_id=patient.subject, purpose=purpose)


def test_who_a_patient_is_opens_by_id_under_the_same_rule(house: House) -> None:
    ana = house.patient()
    answer = house.ask(CLINICIAN, by_id(ana))
    assert answer.identity.legal_name == "Planted Name"
    reveal = answer.alias_reveal
    assert (reveal.patient_id, reveal.alias, reveal.revealer_id) == (ana.subject, "", "dr-lee")
    assert answer.expire_time == reveal.expire_time
    again = reading(reveal.alias_reveal_id)
    assert house.ask(CLINICIAN, again).identity.legal_name == "Planted Name"
    assert house.refused(COLLEAGUE, again).reason == "NOT_FOUND"
    house.clock.advance(timedelta(seconds=900))
    assert house.refused(CLINICIAN, again).reason == "REVEAL_EXPIRED"


def test_the_privacy_officers_are_told_of_what_was_opened_by_id_and_see_it(house: House) -> None:
    ana = house.patient()
    reveal = house.ask(CLINICIAN, by_id(ana)).alias_reveal
    (told,) = house.emitted(events.AliasRevealed)
    assert (told.alias_reveal_id, told.purpose) == (reveal.alias_reveal_id, "treatment")
    assert list(told.privacy_officer_ids) == ["privacy-pat", "privacy-sam"]
    assert ana.subject.encode() not in told.SerializeToString()
    (listed,) = house.ask(OFFICER, wire.ListAliasRevealsRequest()).alias_reveals
    assert listed == reveal
    trail = [row for row in house.documents("audit_entries") if row["action"] == "identity.reveal"]
    assert {(row["patient_id"], row["purpose"]) for row in trail} == {(ana.subject, "treatment")}


def test_neither_an_unknown_name_nor_one_of_another_group_or_tenant_is_anybody(
    house: House,
) -> None:
    _, alias = seated(house)
    for person, request in (
        (CLINICIAN, asking("Nobody Here 10")),
        (CLINICIAN, asking(alias, group_id="friday")),
        (CLINICIAN.elsewhere(), asking(alias)),
    ):
        assert house.refused(person, request).reason == "NOT_FOUND"
    assert house.documents("alias_reveals") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": resources.REVEAL_PURPOSE_UNSPECIFIED},
        {"purpose": 99},
        {"reveal_duration": seconds(0)},
        {"reveal_duration": seconds(-60)},
        {"reveal_duration": seconds(8 * 3600 + 1)},
    ],
)
def test_without_a_reason_or_for_longer_than_a_shift_nothing_is_opened(
    house: House, changes: dict[str, Any]
) -> None:
    _, alias = seated(house)
    assert house.refused(CLINICIAN, asking(alias, **changes)).reason == "FIELDS_INVALID"
    assert house.refused(CLINICIAN, asking("")).reason == "FIELDS_INVALID"
    assert house.documents("alias_reveals") == []


def test_unless_it_is_said_otherwise_it_lasts_as_long_as_the_tenant_says() -> None:
    house = House(reveal_seconds=300.0, longest_reveal_seconds=600.0)
    _, alias = seated(house)
    reveal = house.ask(CLINICIAN, asking(alias)).alias_reveal
    lasts = reveal.expire_time.ToDatetime() - reveal.create_time.ToDatetime()
    assert lasts == timedelta(seconds=300)
    longest = asking(alias, reveal_duration=seconds(601))
    assert house.refused(CLINICIAN, longest).reason == "FIELDS_INVALID"


def test_the_patient_sees_who_opened_it_who_read_it_and_why(house: House) -> None:
    ana, alias = seated(house)
    asked = asking(alias, purpose=resources.REVEAL_PURPOSE_WELFARE_CHECK)
    reveal_id = house.ask(CLINICIAN, asked).alias_reveal.alias_reveal_id
    house.ask(CLINICIAN, reading(reveal_id))
    assert rows(house, about=ana) == [
        ("alias.reveal", "dr-lee", "welfare_check"),
        ("alias.reveal.read", "dr-lee", "welfare_check"),
    ]


def test_the_privacy_officers_are_told_without_a_word_of_whom(house: House) -> None:
    ana, alias = seated(house)
    reveal = house.ask(CLINICIAN, asking(alias)).alias_reveal
    (told,) = house.emitted(events.AliasRevealed)
    assert told.alias_reveal_id == reveal.alias_reveal_id
    assert list(told.privacy_officer_ids) == ["privacy-pat", "privacy-sam"]
    assert (told.purpose, told.expire_time) == ("crisis", reveal.expire_time)
    for planted in (ana.subject, alias, GROUP):
        assert planted.encode() not in told.SerializeToString()


def test_they_see_each_of_them_and_nobody_s_identity(house: House) -> None:
    ana, hers = seated(house)
    ben, his = seated(house, legal_name="Planted Other")
    for alias in (hers, his):
        house.ask(CLINICIAN, asking(alias))
    answer = house.ask(OFFICER, wire.ListAliasRevealsRequest())
    assert {each.patient_id for each in answer.alias_reveals} == {ana.subject, ben.subject}
    assert b"Planted" not in answer.SerializeToString()
    one = house.ask(OFFICER, wire.ListAliasRevealsRequest(patient_id=ben.subject))
    assert [(each.alias, each.revealer_id) for each in one.alias_reveals] == [(his, "dr-lee")]
    nobody = wire.ListAliasRevealsRequest(patient_id="nobody")
    assert house.refused(OFFICER, nobody).reason == "NOT_FOUND"


def test_a_reveal_of_a_substance_use_record_carries_its_label_from_the_first_write(
    house: House,
) -> None:
    _, alias = seated(house, track=resources.TRACK_SUBSTANCE_USE)
    house.ask(CLINICIAN, asking(alias))
    (kept,) = house.documents("alias_reveals")
    assert kept["is_part2_protected"] is True


def test_an_event_without_anybody_to_tell_is_told_to_the_list_alone() -> None:
    house = House()
    _, alias = seated(house)
    house.ask(SUPERVISOR, asking(alias))
    (told,) = house.emitted(events.AliasRevealed)
    assert not told.privacy_officer_ids
