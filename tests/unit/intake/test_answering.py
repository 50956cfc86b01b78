"""Answering instruments as clients do it: what is stored, raised and told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from prometheus_client import REGISTRY

from chassis.call import system_call
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound
from chassis.ids import new_id
from services.intake.domain.instruments.craving import CRAVING, USE
from services.intake.domain.instruments.cssrs import CSSRS, Q1, Q2, Q4, Q5, Q6
from services.intake.domain.instruments.phq9 import ITEM_9, PHQ9
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    House,
    Person,
    a_referral,
    a_submission,
)

HIGH, MODERATE, LOW = events.RISK_TIER_HIGH, events.RISK_TIER_MODERATE, events.RISK_TIER_LOW


def started(house: House, patient: Person, instrument: str) -> str:
    """An opened screening."""
    request = wire.StartScreeningRequest(
        patient_id=patient.subject, instrument=instrument, instrument_version="1"
    )
    return str(house.ask(patient, request).screening.screening_id)


def answers(screening_id: str, *given: tuple[str, Any]) -> wire.RecordAnswersRequest:
    """Answers by value; None is a skipped item."""
    return wire.RecordAnswersRequest(
        screening_id=screening_id,
        answers=[
            resources.Answer(item_code=code, skipped=True)
            if value is None
            else resources.Answer(item_code=code, value=value)
            for code, value in given
        ],
    )


def counted(instrument: str, tier: str) -> float:
    labels = {"instrument": instrument, "tier": tier}
    return REGISTRY.get_sample_value("haven_intake_screenings_total", labels) or 0.0


def test_item_nine_is_told_in_the_commit_of_its_answer_before_the_form_is_complete() -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, "phq-9")
    told = house.ask(ana, answers(screening_id, (ITEM_9, 1))).screening
    assert told.state == resources.SCREENING_STATE_ANSWERING
    assert told.tier == MODERATE
    [risk] = house.emitted(events.RiskRaised)
    assert (risk.patient_id, risk.screening_id) == (ana.subject, screening_id)
    assert (risk.tier, risk.trigger) == (MODERATE, events.RISK_TRIGGER_PHQ9_ITEM9)
    assert house.emitted(events.ScreeningCompleted) == []


@pytest.mark.parametrize(
    ("instrument", "form", "trigger"),
    [
        ("phq-9m", {"phq-9m.13": 1}, events.RISK_TRIGGER_PHQ9M_SUICIDE_ITEMS),
        ("craving-check", {CRAVING: 90, USE: 1}, events.RISK_TRIGGER_CRAVING_AND_USE),
    ],
)
def test_other_forms_tell_their_risk_as_the_answer_arrives(
    instrument: str, form: dict[str, int], trigger: events.RiskTrigger
) -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, instrument)
    house.ask(ana, answers(screening_id, *form.items()))
    [risk] = house.emitted(events.RiskRaised)
    assert (risk.screening_id, risk.tier, risk.trigger) == (screening_id, MODERATE, trigger)


def test_an_answer_sent_twice_is_one_answer_and_one_risk() -> None:
    house = House()
    ana = house.patient()
    request = answers(started(house, ana, "phq-9"), (ITEM_9, 2))
    request.request_id = new_id()
    assert house.ask(ana, request) == house.ask(ana, request)
    assert len(house.emitted(events.RiskRaised)) == 1


def test_a_risk_that_rises_is_a_second_fact() -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, CSSRS.id)
    for code in (Q1, Q2, Q4):
        house.ask(ana, answers(screening_id, (code, 1)))
    raised = house.emitted(events.RiskRaised)
    assert [each.tier for each in raised] == [LOW, HIGH]
    assert len({each.risk_id for each in raised}) == 2


def test_a_screener_abandoned_after_its_second_question_is_closed_by_time_as_high() -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, CSSRS.id)
    house.ask(ana, answers(screening_id, (Q1, 0)))
    house.ask(ana, answers(screening_id, (Q2, 0)))
    house.clock.advance(timedelta(seconds=599))
    house.let_time_work()
    assert house.emitted(events.RiskRaised) == []
    house.clock.advance(timedelta(seconds=1))
    house.let_time_work()
    [risk] = house.emitted(events.RiskRaised)
    assert (risk.tier, risk.trigger) == (HIGH, events.RISK_TRIGGER_SCREENING_ABANDONED)
    [ended] = house.emitted(events.ScreeningCompleted)
    assert (ended.screening_id, ended.tier) == (screening_id, HIGH)
    found = house.ask(ana, wire.GetScreeningRequest(screening_id=screening_id)).screening
    assert found.state == resources.SCREENING_STATE_ABANDONED
    assert found.is_safety_item_unanswered
    assert not found.HasField("leave_deadline_time")


def test_time_that_works_twice_closes_once() -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, CSSRS.id)
    house.ask(ana, answers(screening_id, (Q1, 1)))
    house.clock.advance(timedelta(minutes=10))
    due = house.store.due("screenings", "leave_deadline_time", limit=10)
    assert [id for _, id in due] == [screening_id]
    for tenant_id, id in due * 2:
        call = system_call(tenant_id, service="intake", action="timer")
        house.intake.screenings.close_left(call, id)
    assert len(house.emitted(events.ScreeningCompleted)) == 1


def test_how_long_a_screening_may_be_left_is_the_tenants_number() -> None:
    house = House(screening_left_seconds=4)
    ana = house.patient()
    house.ask(ana, answers(started(house, ana, "phq-9"), (ITEM_9, None)))
    house.clock.advance(timedelta(seconds=4))
    house.let_time_work()
    assert [each.tier for each in house.emitted(events.RiskRaised)] == [MODERATE]


def test_a_whole_form_is_scored_in_one_commit() -> None:
    house = House()
    ana = house.patient()
    form = {item.code: 1 for item in PHQ9.scored_items}
    done = house.ask(ana, a_submission(ana, "phq-9", form)).screening
    assert done.state == resources.SCREENING_STATE_COMPLETED
    assert (done.score.value, done.score.band) == (9, "mild")
    assert done.score.method == resources.SCORE_METHOD_COMPLETE
    assert len(house.emitted(events.RiskRaised)) == 1
    assert len(house.emitted(events.ScreeningCompleted)) == 1


def test_a_form_with_three_missing_answers_has_no_total_on_the_wire() -> None:
    house = House()
    ana = house.patient()
    form = {item.code: 0 for item in PHQ9.scored_items[3:]}
    done = house.ask(ana, a_submission(ana, "phq-9", form)).screening
    assert not done.score.HasField("value")
    assert (done.score.missing_items, done.score.band) == (3, "")
    assert done.score.method == resources.SCORE_METHOD_NONE


def test_a_form_ended_without_item_nine_is_on_the_list_of_those_to_ask_again() -> None:
    house = House()
    ana, ben = house.patient(), house.patient()
    form = {item.code: 0 for item in PHQ9.scored_items}
    house.ask(ben, a_submission(ben, "phq-9", form))
    del form[ITEM_9]
    done = house.ask(ana, a_submission(ana, "phq-9", form)).screening
    assert (done.score.value, done.score.method) == (0, resources.SCORE_METHOD_PRORATED)
    request = wire.ListScreeningsRequest(only_safety_item_unanswered=True)
    listed = house.ask(COORDINATOR, request).screenings
    assert [each.screening_id for each in listed] == [done.screening_id]


def test_item_by_item_or_at_once_the_same_answers_have_the_same_end() -> None:
    house = House()
    ana = house.patient()
    form = {item.code: place % 4 for place, item in enumerate(PHQ9.scored_items)}
    at_once = house.ask(ana, a_submission(ana, "phq-9", form)).screening
    screening_id = started(house, ana, "phq-9")
    for code, value in form.items():
        house.ask(ana, answers(screening_id, (code, value)))
    one_by_one = house.ask(ana, wire.CompleteScreeningRequest(screening_id=screening_id)).screening
    assert (one_by_one.score, one_by_one.tier) == (at_once.score, at_once.tier)


@pytest.mark.parametrize(
    ("instrument", "answer", "reason"),
    [
        (CSSRS.id, resources.Answer(item_code=ITEM_9, value=1), "ITEM_CODE_UNKNOWN"),
        ("gad-7", resources.Answer(item_code="00000-0", value=1), "ITEM_CODE_UNKNOWN"),
        ("gad-7", resources.Answer(value=1), "ITEM_CODE_UNKNOWN"),
        ("gad-7", resources.Answer(item_code="68509-9", value=4), "ANSWER_OUT_OF_RANGE"),
        ("gad-7", resources.Answer(item_code="68509-9"), "ANSWER_MISSING"),
        ("gad-7", resources.Answer(item_code="68509-9", skipped=False), "ANSWER_MISSING"),
        ("gad-7", resources.Answer(item_code="68509-9", answer_code="LA0"), "ANSWER_CODE_UNKNOWN"),
    ],
)
def test_an_answer_at_fault_is_named_and_nothing_is_stored_or_told(
    instrument: str, answer: resources.Answer, reason: str
) -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, instrument)
    before = house.documents("screenings")
    sound = resources.Answer(item_code=Q5 if instrument == CSSRS.id else "69725-0", value=1)
    request = wire.RecordAnswersRequest(screening_id=screening_id, answers=[sound, answer])
    refused = house.refused(ana, request)
    assert isinstance(refused, InvalidArgument)
    assert refused.reason == reason
    assert [each.field for each in refused.violations] == ["answers[1]"]
    assert house.documents("screenings") == before
    assert house.emitted(events.RiskRaised) == []


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (resources.Answer(value=7), "ANSWER_OUT_OF_RANGE"),
        (resources.Answer(), "ANSWER_MISSING"),
        (resources.Answer(skipped=False), "ANSWER_MISSING"),
        (resources.Answer(fault="sent back as it came"), "ANSWER_MISSING"),
        (resources.Answer(answer_code="LA0000-0"), "ANSWER_CODE_UNKNOWN"),
    ],
)
def test_an_odd_answer_of_a_screener_is_told_by_item_and_what_stands_beside_it_acts(
    odd: resources.Answer, reason: str
) -> None:
    house = House()
    ana = house.patient()
    screening_id = started(house, ana, CSSRS.id)
    odd.item_code = Q1
    request = wire.RecordAnswersRequest(
        screening_id=screening_id, answers=[odd, resources.Answer(item_code=Q5, value=1)]
    )
    told = house.ask(ana, request).screening
    kept = [
        resources.Answer(item_code=Q1, fault=reason),
        resources.Answer(item_code=Q5, value=1),
    ]
    assert list(told.answers) == kept
    assert [each.tier for each in house.emitted(events.RiskRaised)] == [HIGH]
    found = house.ask(CLINICIAN, wire.GetScreeningRequest(screening_id=screening_id)).screening
    assert list(found.answers) == kept
    [stored] = house.documents("screenings")
    assert stored["answers"][0] == {"item_code": Q1, "value": None, "fault": reason}


def test_a_screener_with_nothing_but_one_odd_answer_is_closed_by_time_as_high() -> None:
    house = House()
    ana = house.patient()
    house.ask(ana, answers(started(house, ana, CSSRS.id), (Q1, 7)))
    house.clock.advance(timedelta(minutes=10))
    house.let_time_work()
    [risk] = house.emitted(events.RiskRaised)
    assert (risk.tier, risk.trigger) == (HIGH, events.RISK_TRIGGER_SCREENING_ABANDONED)


def test_a_form_with_an_odd_item_nine_is_on_the_list_of_those_to_ask_again() -> None:
    house = House()
    ana = house.patient()
    form = {item.code: 0 for item in PHQ9.scored_items} | {ITEM_9: 4}
    done = house.ask(ana, a_submission(ana, "phq-9", form)).screening
    assert (done.tier, done.is_safety_item_unanswered) == (MODERATE, True)
    request = wire.ListScreeningsRequest(only_safety_item_unanswered=True)
    listed = house.ask(COORDINATOR, request).screenings
    assert [each.screening_id for each in listed] == [done.screening_id]


def test_no_answers_at_all_are_a_fault_of_the_request() -> None:
    house = House()
    ana = house.patient()
    refused = house.refused(ana, answers(started(house, ana, "phq-9")))
    assert [(each.field, each.reason) for each in refused.violations] == [("answers", "REQUIRED")]


@pytest.mark.parametrize(
    ("instrument", "version", "reason"),
    [
        ("phq-9", "2", "INSTRUMENT_VERSION_UNKNOWN"),
        ("phq-99", "1", "INSTRUMENT_UNKNOWN"),
        ("phq-9", "", "FIELDS_INVALID"),
    ],
)
def test_an_unknown_instrument_or_version_opens_nothing(
    instrument: str, version: str, reason: str
) -> None:
    house = House()
    ana = house.patient()
    request = wire.StartScreeningRequest(
        patient_id=ana.subject, instrument=instrument, instrument_version=version
    )
    assert house.refused(ana, request).reason == reason
    assert house.documents("screenings") == []


def test_a_screening_that_ended_takes_no_more_answers() -> None:
    house = House()
    ana = house.patient()
    done = house.ask(ana, a_submission(ana, "gad-7", {"69725-0": 1})).screening
    refused = house.refused(ana, answers(done.screening_id, ("69725-0", 2)))
    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "SCREENING_CLOSED"


def test_nobody_screens_a_person_who_was_never_referred() -> None:
    house = House()
    request = wire.StartScreeningRequest(
        patient_id=new_id(), instrument="phq-9", instrument_version="1"
    )
    assert isinstance(house.refused(CLINICIAN, request), NotFound)


def test_for_a_patient_another_patients_screening_does_not_exist() -> None:
    house = House()
    ana, ben = house.patient(), house.patient()
    screening_id = started(house, ana, "phq-9")
    for request in (
        answers(screening_id, (ITEM_9, 0)),
        wire.CompleteScreeningRequest(screening_id=screening_id),
        wire.GetScreeningRequest(screening_id=screening_id),
        wire.ListScreeningsRequest(patient_id=ana.subject),
        wire.ListScreeningsRequest(),
    ):
        assert isinstance(house.refused(ben, request), NotFound)


def test_a_patient_sees_the_own_screenings_newest_first() -> None:
    house = House()
    ana = house.patient()
    first = started(house, ana, "phq-9")
    house.clock.advance(timedelta(minutes=1))
    second = started(house, ana, "gad-7")
    listed = house.ask(ana, wire.ListScreeningsRequest(patient_id=ana.subject)).screenings
    assert [each.screening_id for each in listed] == [second, first]


def test_a_screening_of_substance_use_care_is_labeled_from_its_first_write() -> None:
    house = House()
    house.patient(track=resources.TRACK_SUBSTANCE_USE)
    [referral] = house.documents("referrals")
    ana = house.patient(track=resources.TRACK_CO_OCCURRING)
    house.ask(ana, a_submission(ana, "gad-7", {"69725-0": 1}))
    assert referral["is_part2_protected"]
    assert [each["is_part2_protected"] for each in house.documents("screenings")] == [True]
    assert all(each["is_part2_protected"] for each in house.documents("patients"))
    assert all(each["is_part2_protected"] for each in house.documents("episodes"))


def test_every_screening_that_ends_is_counted_by_instrument_and_tier() -> None:
    house = House()
    before = counted("phq-9", "moderate"), counted(CSSRS.id, "high")
    ana = house.patient()
    house.ask(ana, a_submission(ana, "phq-9", {ITEM_9: 1}))
    house.ask(ana, answers(started(house, ana, CSSRS.id), (Q1, 0)))
    house.clock.advance(timedelta(minutes=10))
    house.let_time_work()
    assert (counted("phq-9", "moderate"), counted(CSSRS.id, "high")) == (
        before[0] + 1,
        before[1] + 1,
    )


def test_the_instruments_can_be_listed_with_codes_and_scales_and_no_wording() -> None:
    house = House()
    listed = house.ask(COORDINATOR, wire.ListInstrumentsRequest()).instruments
    by_name = {each.instrument: each for each in listed}
    assert set(by_name) == {"phq-9", "phq-9m", "gad-7", "c-ssrs-screener", "craving-check"}
    last = by_name["phq-9"].items[8]
    assert (last.item_code, last.position, last.highest_value) == (ITEM_9, 9, 3)
    assert last.is_safety_item
    assert by_name["c-ssrs-screener"].items[5].item_code == Q6
    assert all(item.is_safety_item for item in by_name["c-ssrs-screener"].items)


def test_a_referral_alone_screens_nobody() -> None:
    house = House()
    house.ask(COORDINATOR, a_referral())
    assert house.documents("screenings") == []
