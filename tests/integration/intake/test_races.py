"""Everybody at the same moment, on a real database: facts stay single and gates stay shut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import system_call
from chassis.errors import HavenError
from chassis.ids import new_id
from chassis.store import Document
from services.intake.domain.instruments.cssrs import CSSRS, Q4
from services.intake.domain.instruments.phq9 import PHQ9
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    SUPERVISOR,
    TENANT,
    House,
    Person,
    a_plan_for,
    a_submission,
)

Act = Callable[[], object]
PEOPLE = 12


def at_once(acts: Sequence[Act]) -> list[HavenError | None]:
    """Everything at the same moment; how each was refused."""

    def tried(act: Act) -> HavenError | None:
        try:
            act()
        except HavenError as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(tried, acts))


def documents(house: House, collection: str) -> list[Document]:
    """Everything of the tenant in a collection."""
    call = system_call(TENANT, service="intake", action="")
    found: list[Document] = house.store.read(call, lambda reader: reader.find(collection, {}))
    return found


def risks(house: House) -> list[events.RiskRaised]:
    rows = documents(house, "outbox")
    wanted = events.RiskRaised.DESCRIPTOR.full_name
    return [events.RiskRaised.FromString(row["body"]) for row in rows if row["type"] == wanted]


def test_answers_that_arrive_at_the_same_moment_are_all_kept_and_raise_one_risk(
    house: House,
) -> None:
    ana = house.patient()
    request = wire.StartScreeningRequest(
        patient_id=ana.subject, instrument="phq-9", instrument_version="1"
    )
    screening_id = house.ask(ana, request).screening.screening_id

    def answer(code: str) -> Act:
        given = [resources.Answer(item_code=code, value=1)]
        return lambda: house.ask(
            ana, wire.RecordAnswersRequest(screening_id=screening_id, answers=given)
        )

    assert at_once([answer(item.code) for item in PHQ9.items]) == [None] * len(PHQ9.items)
    [document] = documents(house, "screenings")
    assert len(document["answers"]) == len(PHQ9.items)
    assert len(risks(house)) == 1


def test_one_request_sent_many_times_at_once_is_one_screening_and_one_risk(house: House) -> None:
    ana = house.patient()
    request = a_submission(ana, CSSRS.id, {Q4: 1})
    request.request_id = new_id()
    assert at_once([lambda: house.ask(ana, request)] * 8) == [None] * 8
    assert len(documents(house, "screenings")) == 1
    assert len(risks(house)) == 1


@pytest.mark.parametrize("attempt", range(6))
def test_nobody_is_admitted_past_a_risk_that_was_there_first(house: House, attempt: int) -> None:
    """Admission and a high screener at the same moment: whichever commits first is seen."""
    ana = house.patient()
    house.ready(ana)
    form = a_submission(ana, CSSRS.id, {item.code: 1 for item in CSSRS.items})
    admit = wire.AdmitPatientRequest(patient_id=ana.subject)
    refused, stored = at_once([lambda: house.ask(COORDINATOR, admit), lambda: house.ask(ana, form)])
    assert stored is None
    [episode] = documents(house, "episodes")
    assert [each["tier"] for each in episode["risks"]] == ["high"]
    if refused is None:
        # A risk that was there before would have taken the signature away.
        assert episode["state"] == "admitted"
        assert episode["signature"] is not None
    else:
        assert refused.reason == "ADMISSION_GATES_MISSING"
        assert episode["state"] == "pending"


def seats(house: House, group_id: str, people: Sequence[str]) -> list[Act]:
    """Each person's seat, told by the series and by a session."""

    def series(patient_id: str) -> Act:
        event = scheduling.SeriesEnrolled(group_id=group_id, patient_id=patient_id)
        return lambda: house.hear(event)

    def session(patient_id: str) -> Act:
        event = scheduling.SessionScheduled(group_id=group_id, patient_ids=[patient_id])
        return lambda: house.hear(event)

    return [kind(patient_id) for patient_id in people for kind in (series, session)]


def settled(house: House, acts: Sequence[Act]) -> None:
    """Again what was aborted, as a queue does it."""
    for _ in range(20):
        failed = at_once(acts)
        acts = [act for act, error in zip(acts, failed, strict=True) if error is not None]
        if not acts:
            return
    raise AssertionError(f"{len(acts)} seats without a name")


def test_a_crowd_that_gets_seats_at_once_has_one_name_each(house: House) -> None:
    people = [f"person-{number}" for number in range(PEOPLE)]
    settled(house, seats(house, "monday", people))
    names = {each["patient_id"]: each["alias"] for each in documents(house, "aliases")}
    assert set(names) == set(people)
    assert len(set(names.values())) == PEOPLE
    assert len(documents(house, "alias_keys")) == 1


def test_where_names_are_few_everybody_still_gets_an_own_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(key: bytes, *, patient_id: str, group_id: str, attempt: int) -> str:
        return f"Quiet Heron {attempt}"

    monkeypatch.setattr("services.intake.handlers.aliases.alias_candidate", few)
    people = [f"person-{number}" for number in range(PEOPLE)]
    settled(house, seats(house, "monday", people))
    names = sorted(each["alias"] for each in documents(house, "aliases"))
    assert names == sorted(f"Quiet Heron {number}" for number in range(PEOPLE))


def signed(house: House, patient: Person) -> str:
    plan_id = str(house.ask(CLINICIAN, a_plan_for(patient)).care_plan.care_plan_id)
    for person, role in (
        (patient, resources.SIGNER_ROLE_PATIENT),
        (CLINICIAN, resources.SIGNER_ROLE_PRIMARY_CLINICIAN),
        (SUPERVISOR, resources.SIGNER_ROLE_SUPERVISOR),
    ):
        house.ask(person, wire.SignCarePlanRequest(care_plan_id=plan_id, signer_role=role))
    return plan_id


def test_of_plans_activated_at_the_same_moment_one_is_followed(house: House) -> None:
    patient_id = house.patient().subject
    ana = Person(patient_id, frozenset({*house.patient().roles}))
    house.ready(ana)
    house.ask(COORDINATOR, wire.AdmitPatientRequest(patient_id=patient_id))
    plans = [signed(house, ana) for _ in range(3)]

    def activate(plan_id: str) -> Act:
        return lambda: house.ask(CLINICIAN, wire.ActivateCarePlanRequest(care_plan_id=plan_id))

    assert at_once([activate(plan_id) for plan_id in plans]) == [None] * 3
    states = sorted(each["state"] for each in documents(house, "care_plans"))
    assert states == ["active", "superseded", "superseded"]
    [active] = [each for each in documents(house, "care_plans") if each["state"] == "active"]
    [episode] = [each for each in documents(house, "episodes") if each["patient_id"] == patient_id]
    assert episode["active_care_plan_id"] == active["_id"]
