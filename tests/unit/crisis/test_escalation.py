"""Whatever a tenant configured, somebody is woken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import InvalidArgument
from services.crisis.domain.escalation import (
    SUPERVISOR_POOL,
    EscalationPolicy,
    Rung,
    check_rungs,
    policy_for,
)
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import person, rung

NUMBERS = CrisisPolicy()
FALLBACK = NUMBERS.fallback(Severity.HIGH)


def a_plan(severity: Any, *people: Any, contact_within: Any = None) -> Any:
    rungs = tuple(rung(person(each)) for each in people)
    return EscalationPolicy(f"e-{severity}", severity, rungs, contact_within, version=3)


def test_a_severity_has_its_own_ladder() -> None:
    plans = [a_plan(Severity.LOW, "dr-low"), a_plan(Severity.HIGH, "dr-high")]

    assert first_of(policy_for(Severity.LOW, plans, FALLBACK)) == "dr-low"


def test_a_severity_without_a_ladder_takes_that_of_the_next_more_severe_one() -> None:
    plans = [a_plan(Severity.LOW, "dr-low"), a_plan(Severity.HIGH, "dr-high")]

    assert first_of(policy_for(Severity.MODERATE, plans, FALLBACK)) == "dr-high"


def test_a_severity_above_all_ladders_takes_the_most_severe_one() -> None:
    plans = [a_plan(Severity.LOW, "dr-low"), a_plan(Severity.MODERATE, "dr-moderate")]

    assert first_of(policy_for(Severity.HIGH, plans, FALLBACK)) == "dr-moderate"


def test_a_ladder_of_a_lesser_severity_does_not_lend_its_patience() -> None:
    slow = EscalationPolicy(
        "e-low",
        Severity.LOW,
        (rung(person("dr-low"), wait=timedelta(hours=4)), rung(SUPERVISOR_POOL)),
        timedelta(hours=12),
    )

    policy = policy_for(Severity.HIGH, [slow], FALLBACK)

    assert first_of(policy) == "dr-low"
    assert max(each.wait for each in policy.rungs) <= FALLBACK.rungs[0].wait
    assert policy.contact_within == timedelta(minutes=5)
    assert policy_for(Severity.LOW, [slow], FALLBACK).rungs == slow.rungs


def test_a_ladder_that_ends_at_people_by_name_goes_on_with_them_and_the_supervisors() -> None:
    last = rung(person("dr-b"), person("dr-c"), wait=timedelta(seconds=45), acknowledgements=2)
    plan = EscalationPolicy("e-high", Severity.HIGH, (rung(person("dr-a")), last), version=3)

    frozen = policy_for(Severity.HIGH, [plan], FALLBACK)

    assert frozen.rungs[:2] == plan.rungs
    assert frozen.rungs[2:] == (
        rung(
            person("dr-b"),
            person("dr-c"),
            SUPERVISOR_POOL,
            wait=timedelta(seconds=45),
            acknowledgements=2,
        ),
    )


def test_a_ladder_that_ends_at_the_supervisors_stays_as_it_is() -> None:
    plan = EscalationPolicy(
        "e-high",
        Severity.HIGH,
        (rung(person("dr-a")), rung(person("dr-b"), SUPERVISOR_POOL)),
    )

    assert policy_for(Severity.HIGH, [plan], FALLBACK).rungs == plan.rungs


def test_a_tenant_without_any_ladder_wakes_its_supervisors_every_minute() -> None:
    policy = policy_for(Severity.HIGH, [], FALLBACK)

    assert policy.rungs == (Rung(timedelta(seconds=60), (SUPERVISOR_POOL,)),)
    assert policy.version == 0


def test_a_ladder_without_a_contact_time_takes_the_severitys_default() -> None:
    plans = [a_plan(Severity.HIGH, "dr-high")]

    assert policy_for(Severity.HIGH, plans, FALLBACK).contact_within == timedelta(minutes=5)


def test_a_ladder_may_set_its_own_contact_time() -> None:
    plans = [a_plan(Severity.HIGH, "dr-high", contact_within=timedelta(minutes=2))]

    assert policy_for(Severity.HIGH, plans, FALLBACK).contact_within == timedelta(minutes=2)


def test_a_case_keeps_the_version_it_began_with() -> None:
    plan = a_plan(Severity.HIGH, "dr-high")
    frozen = plan.frozen(FALLBACK)
    plan.change((rung(person("dr-new")),), None)

    assert (first_of(frozen), frozen.version) == ("dr-high", 3)


@pytest.mark.parametrize(
    ("rungs", "field"),
    [
        ((), "escalation_policy.rungs"),
        ((rung(),), "escalation_policy.rungs[0].targets"),
        (
            (rung(SUPERVISOR_POOL), rung(SUPERVISOR_POOL, wait=timedelta(seconds=4))),
            "escalation_policy.rungs[1].wait_duration",
        ),
        (
            (rung(SUPERVISOR_POOL, wait=timedelta(hours=25)),),
            "escalation_policy.rungs[0].wait_duration",
        ),
    ],
    ids=["no rung", "nobody named", "too short", "too long"],
)
def test_a_ladder_that_could_not_wake_anybody_in_time_is_refused(rungs: Any, field: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_rungs(rungs, shortest_wait=NUMBERS.shortest_wait)

    assert [each.field for each in refused.value.violations] == [field]


def first_of(policy: Any) -> Any:
    return policy.rungs[0].targets[0].id


@pytest.mark.parametrize("needed", [0, -1, 3])
def test_a_rung_cannot_need_more_people_than_it_names(needed: int) -> None:
    rungs = [rung(person("dr-one"), person("dr-two"), acknowledgements=needed)]
    with pytest.raises(InvalidArgument) as refused:
        check_rungs(rungs, shortest_wait=timedelta(seconds=5))

    fields = [fault.field for fault in refused.value.violations]
    assert fields == ["escalation_policy.rungs[0].required_acknowledgements"]


def test_a_faster_version_of_a_ladder_still_needs_as_many_people() -> None:
    slow = rung(person("dr-one"), person("dr-two"), wait=timedelta(hours=4), acknowledgements=2)
    plan = EscalationPolicy("e-low", Severity.LOW, (slow,), version=1)

    assert policy_for(Severity.HIGH, [plan], FALLBACK).rungs[0].acknowledgements == 2
