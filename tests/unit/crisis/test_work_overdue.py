"""Whatever of crisis is long due and was not done is found, and done in the relay's place."""

from __future__ import annotations

from datetime import timedelta

from chassis.call import Role
from services.crisis.bootstrap import bootstrap_audit
from services.crisis.domain.findings import Finding, FindingKind
from services.crisis.domain.follow_up import Kind
from services.crisis.domain.signal import Severity
from services.crisis.handlers.auditing import Auditing
from services.crisis.timers import due_work
from tests.unit.crisis.builders import after, rotation_target, rung
from tests.unit.crisis.house import TENANT, House

LATE = timedelta(seconds=11)
AN_HOUR = timedelta(hours=1)


def auditing_of(house: House) -> Auditing:
    made = bootstrap_audit(house.crisis, store=house.store, policy_of=lambda _: house.numbers)
    return made.auditing


def overdue(house: House, work: str) -> list[Finding]:
    found = auditing_of(house).examine(TENANT).findings
    return [each for each in found if each.kind is FindingKind.WORK_OVERDUE and each.work == work]


def late(house: House, due: timedelta, work: str) -> Finding:
    """What is found where no relay has run since the due time."""
    house.clock.advance(due)
    assert overdue(house, work) == [], "a relay may be a moment late"
    house.clock.advance(LATE)
    (found,) = overdue(house, work)
    return found


def test_a_patient_who_waits_for_a_person_beyond_the_bound_has_a_case_without_a_relay() -> None:
    house = House().staffed()
    patient = house.call("p-1", Role.PATIENT)
    house.crisis.care.person_queue.request(patient, "p-1")
    found = late(house, house.numbers.queue.wait_bound, "person-queue")

    assert found.age == LATE
    assert [auditing_of(house).repair(TENANT, found) for _ in range(2)] == [True, False]

    (case,) = house.cases
    assert (case["patient_id"], case["source"]) == ("p-1", "person_requested")
    assert overdue(house, "person-queue") == []


def test_a_follow_up_whose_time_has_passed_is_missed_without_a_relay() -> None:
    house = House().staffed()
    house.closed_case()
    first = house.follow_up(Kind.CRISIS_NOTE)
    for each in house.follow_ups():
        if each.id != first.id:
            house.store.engine.tables["follow_ups"][each.id]["escalate_time"] = None
    assert first.escalate_time is not None
    found = late(house, first.escalate_time - house.clock.now(), "follow-ups")

    assert found.subject_id == first.id
    assert [auditing_of(house).repair(TENANT, found) for _ in range(2)] == [True, False]
    assert house.follow_up(Kind.CRISIS_NOTE).escalation_count == 1


def test_a_shift_that_ended_while_a_case_waits_is_handed_over_without_a_relay() -> None:
    house = House(page_late_seconds=9_000)
    start = after(minutes=10 - 24 * 60)
    house.put_rotation("on-call", "dr-one", "dr-two", start=start, shift_days=1)
    house.put_policy(Severity.HIGH, (rung(rotation_target("on-call"), wait=AN_HOUR),))
    house.do_what_is_due()
    house.signal()
    found = late(house, timedelta(minutes=10), "case-hand-offs")

    assert found.subject_id == house.only_case()
    assert [auditing_of(house).repair(TENANT, found) for _ in range(2)] == [True, False]
    assert house.woken == ["dr-one", "dr-two"]


def test_a_time_that_is_written_in_another_form_is_nobodys_overdue_work() -> None:
    house = House().staffed()
    house.closed_case()
    for row in house.store.engine.tables["follow_ups"].values():
        row["escalate_time"] = "soon"
    house.clock.advance(timedelta(days=3))
    house.do_what_is_due()

    assert overdue(house, "follow-ups") == []


def test_the_auditor_does_what_the_relay_would_have_done() -> None:
    """But for the deadlines of cases, which have rules of their own."""
    house = House()
    relays = {work.name: work.handle for work in due_work(house.crisis)}
    del relays["case-deadlines"]

    assert auditing_of(house)._mends.acts == relays
