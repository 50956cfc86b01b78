"""Tenants say who is woken, and two people's edits do not overwrite each other unseen."""

from __future__ import annotations

import pytest

from chassis.errors import Aborted, InvalidArgument, NotFound
from chassis.store import etag_of
from services.crisis.domain.commands import WhoIsOnCall
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import after, person, rung
from tests.unit.crisis.house import House

LADDER = (rung(SUPERVISOR_POOL),)


@pytest.fixture
def house() -> House:
    return House()


def test_each_change_of_a_ladder_counts_its_version_up(house: House) -> None:
    versions = [house.put_policy(Severity.HIGH, LADDER).version for _ in range(3)]

    assert versions == [1, 2, 3]


def test_a_ladder_is_read_back_as_it_was_put(house: House) -> None:
    house.put_policy(Severity.HIGH, (rung(person("dr-one"), SUPERVISOR_POOL),))

    policy = house.crisis.plan_queries.policy(house.call("boss"), Severity.HIGH)
    assert policy.rungs == (rung(person("dr-one"), SUPERVISOR_POOL),)


def test_a_severity_without_a_ladder_of_its_own_is_not_found(house: House) -> None:
    house.put_policy(Severity.HIGH, LADDER)

    with pytest.raises(NotFound):
        house.crisis.plan_queries.policy(house.call("boss"), Severity.LOW)


def test_an_edit_of_what_somebody_else_changed_is_refused(house: House) -> None:
    seen = etag_of(house.put_policy(Severity.HIGH, LADDER))
    house.put_policy(Severity.HIGH, LADDER)

    with pytest.raises(Aborted) as refused:
        house.put_policy(Severity.HIGH, LADDER, seen)

    assert refused.value.reason == "ETAG_STALE"


def test_an_edit_of_what_was_seen_is_taken(house: House) -> None:
    seen = etag_of(house.put_rotation("on-call", "dr-one"))

    assert house.put_rotation("on-call", "dr-two", etag=seen).version == 2


def test_an_etag_of_something_that_does_not_exist_is_refused(house: House) -> None:
    with pytest.raises(Aborted):
        house.put_rotation("on-call", "dr-one", etag="0123456789abcdef")


def test_a_wait_shorter_than_the_tenants_shortest_is_refused_and_nothing_stored(
    house: House,
) -> None:
    with pytest.raises(InvalidArgument):
        house.put_policy(Severity.HIGH, (rung(SUPERVISOR_POOL, wait=after(seconds=1) - after()),))

    assert house.store.documents("escalation_policies") == []


def test_a_tenant_may_allow_shorter_waits() -> None:
    house = House(shortest_wait_seconds=0.5)

    house.put_policy(Severity.HIGH, (rung(SUPERVISOR_POOL, wait=after(seconds=1) - after()),))


def test_two_tenants_may_use_the_same_rotation_name(house: House) -> None:
    house.put_rotation("on-call", "dr-one")
    other = house.call("boss", tenant_id="harbor")

    with pytest.raises(NotFound):
        house.crisis.plan_queries.on_call(other, WhoIsOnCall("on-call", None))


def test_who_is_on_call_now_and_at_an_instant(house: House) -> None:
    house.put_rotation("on-call", "dr-one", "dr-two")
    ask = house.crisis.plan_queries.on_call

    assert ask(house.call("boss"), WhoIsOnCall("on-call", None)).clinician_id == "dr-one"
    assert ask(house.call("boss"), WhoIsOnCall("on-call", after(days=7))).clinician_id == "dr-two"


def test_nobody_is_on_call_before_a_rotation_begins(house: House) -> None:
    house.put_rotation("on-call", "dr-one")

    assert (
        house.crisis.plan_queries.on_call(
            house.call("boss"), WhoIsOnCall("on-call", after(days=-30))
        )
        is None
    )
