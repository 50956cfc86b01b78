"""A case may wait a little if a human says why; a case of high severity never does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.errors import FailedPrecondition, InvalidArgument
from services.crisis.domain.case import Case
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity
from services.crisis.domain.snooze import SnoozeLimit
from tests.unit.crisis.builders import (
    a_case,
    acknowledged,
    after,
    climbed,
    joined,
    pages,
    woken,
)

QUARTER = timedelta(minutes=15)
LIMIT = SnoozeLimit(QUARTER, most=2)


def snoozed(case: Case, span: timedelta = QUARTER, **parts: float) -> Case:
    case.snooze("dr-one", span, "contact_arranged", limit=LIMIT, now=after(**parts))
    return case


def test_a_case_waits_for_as_long_as_was_said_and_then_goes_on() -> None:
    case = snoozed(a_case(Severity.MODERATE), seconds=10)
    assert case.next_deadline == after(minutes=15, seconds=10)

    climbed(case, after(minutes=15, seconds=10))
    assert woken(case) == ["dr-one", "dr-two"]
    assert case.snooze_end is None


def test_a_case_of_high_severity_never_waits() -> None:
    case = a_case(Severity.HIGH)
    with pytest.raises(FailedPrecondition) as refused:
        snoozed(case, seconds=10)

    assert refused.value.reason == "SNOOZE_REFUSED"
    assert case.next_deadline == after(seconds=30)


def test_it_waits_twice_at_most() -> None:
    case = snoozed(snoozed(a_case(Severity.LOW), seconds=10), minutes=15)
    with pytest.raises(FailedPrecondition) as refused:
        snoozed(case, minutes=30)

    assert refused.value.reason == "SNOOZES_EXHAUSTED"


@pytest.mark.parametrize("span", [timedelta(0), -QUARTER, QUARTER + timedelta(seconds=1)])
def test_no_longer_than_the_tenant_allows(span: timedelta) -> None:
    with pytest.raises(InvalidArgument) as refused:
        snoozed(a_case(Severity.LOW), span, seconds=10)

    assert [fault.field for fault in refused.value.violations] == ["snooze_duration"]


def test_postponing_never_brings_the_deadline_nearer() -> None:
    case = acknowledged(Severity.MODERATE)
    before = case.contact_deadline
    snoozed(case, timedelta(seconds=1), seconds=11)

    assert case.contact_deadline == before


def test_a_new_signal_ends_the_waiting_and_wakes_people_even_if_it_is_no_worse() -> None:
    case = joined(snoozed(a_case(Severity.LOW), seconds=10), Severity.LOW, after(minutes=1))

    assert case.next_deadline == after(minutes=1, seconds=30)
    assert len(pages(case)) == 2


def test_a_new_signal_reminds_an_owner_who_had_postponed_it() -> None:
    case = snoozed(acknowledged(Severity.LOW), seconds=20)
    joined(case, Severity.LOW, after(minutes=1))

    assert case.state is State.ACKNOWLEDGED
    assert woken(case)[-1] == "dr-one"
    assert case.contact_deadline == after(minutes=6)


def test_whoever_takes_it_ends_the_waiting() -> None:
    case = snoozed(a_case(Severity.LOW), seconds=10)
    case.acknowledge("dr-two", "clinician", after(minutes=1))

    assert case.snooze_end is None
    assert case.contact_deadline == after(minutes=6)


def test_a_tenants_bounds_differ_by_severity() -> None:
    policy = CrisisPolicy(snooze_moderate_seconds=60, snooze_low_seconds=120, snoozes=1)

    assert policy.snooze_limit(Severity.MODERATE) == SnoozeLimit(timedelta(seconds=60), 1)
    assert policy.snooze_limit(Severity.LOW) == SnoozeLimit(timedelta(seconds=120), 1)
