"""Whom no page can reach is told before somebody needs them; nobody goes unpaged for it."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2, on_call_pb2
from haven.notify.v1 import events_pb2 as notify_pb2

from services.crisis.bootstrap import bootstrap_audit
from services.crisis.codec import inbound, on_call
from services.crisis.domain.coverage import GapKind, Plan
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.findings import FindingKind
from services.crisis.domain.opt_out import Absences, OptOut
from services.crisis.domain.reach import NEVER_TOLD, Presence, Reach
from services.crisis.domain.rotation import Override
from services.crisis.domain.signal import Severity
from services.crisis.timers import CoverCensus
from tests.unit.crisis.builders import NOON, a_rotation, after, person, rotation_target, rung
from tests.unit.crisis.house import TENANT, House

ON_CALL, POOL = rotation_target("on-call"), "supervisor-pool"
WITHOUT_ONE = Reach(frozenset({"dr-two", POOL}), frozenset({"dr-two"}))


@pytest.fixture
def house() -> House:
    """Dr. One is on call, and then the supervisors; all of them can be reached."""
    house = House()
    house.reaches("dr-one", POOL)
    house.put_rotation("on-call", "dr-one")
    house.put_policy(Severity.HIGH, (rung(ON_CALL), rung(SUPERVISOR_POOL)))
    return house


def holes(plan: Plan) -> list[Any]:
    found = plan.gaps(start=NOON, end=after(days=3))
    return [(gap.target, gap.kind, gap.start, gap.end) for gap in found]


def found(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.CoverageGapFound)


def closed(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.CoverageGapClosed)


def wrong(house: House) -> list[FindingKind]:
    """What the auditor finds."""
    audit = bootstrap_audit(house.crisis, store=house.store, policy_of=lambda _: house.numbers)
    return [each.kind for each in audit.auditing.examine(TENANT).findings]


def unreachable_hours(house: House) -> float:
    (family,) = CoverCensus(house.crisis, [TENANT]).collect()
    return next(each.value for each in family.samples if each.labels["kind"] == "unreachable")


@pytest.mark.parametrize(
    ("reach", "presence"),
    [
        (Reach(frozenset({"dr-one"}), frozenset({"dr-one"})), Presence.PRESENT),
        (Reach(frozenset({"dr-one"})), Presence.UNPROVED),
        (Reach(frozenset({"dr-two"})), Presence.ABSENT),
        (Reach(), Presence.ABSENT),
        (NEVER_TOLD, Presence.UNKNOWN),
    ],
)
def test_what_is_known_of_somebody(reach: Reach, presence: Presence) -> None:
    assert reach.presence("dr-one") is presence
    assert reach.misses("dr-one") == (presence is Presence.ABSENT)


def test_hours_of_somebody_whom_no_page_can_reach_are_a_gap_and_those_of_a_stand_in_are_none() -> (
    None
):
    stand_in = Override("dr-two", after(days=1), after(days=2))
    turns = a_rotation("on-call", "dr-one", overrides=(stand_in,))

    assert holes(Plan({"on-call": turns}, Absences(), frozenset({ON_CALL}), WITHOUT_ONE)) == [
        (ON_CALL, GapKind.UNREACHABLE, NOON, after(days=1)),
        (ON_CALL, GapKind.UNREACHABLE, after(days=2), after(days=3)),
    ]


def test_a_substitute_whom_no_page_can_reach_is_a_gap() -> None:
    away = Absences((OptOut("o-1", "dr-two", NOON, after(days=1), substitute_id="dr-one"),))
    turns = a_rotation("on-call", "dr-two")

    assert holes(Plan({"on-call": turns}, away, frozenset({ON_CALL}), WITHOUT_ONE)) == [
        (ON_CALL, GapKind.UNREACHABLE, NOON, after(days=1))
    ]


def test_a_person_of_a_rung_is_a_gap_while_away_and_while_nobody_can_reach_them() -> None:
    away = Absences((OptOut("o-1", "dr-one", after(days=1), after(days=2)),))

    assert holes(Plan({}, away, frozenset({person("dr-one")}), WITHOUT_ONE)) == [
        (person("dr-one"), GapKind.UNREACHABLE, NOON, after(days=1)),
        (person("dr-one"), GapKind.OPTED_OUT, after(days=1), after(days=2)),
        (person("dr-one"), GapKind.UNREACHABLE, after(days=2), after(days=3)),
    ]


def test_a_rotation_that_no_policy_names_calls_nobody_so_nobody_need_be_reached() -> None:
    turns = a_rotation("on-call", "dr-one")

    assert holes(Plan({"on-call": turns}, Absences(), frozenset(), WITHOUT_ONE)) == []


def test_nothing_is_said_of_people_before_anything_was_told_of_them() -> None:
    plan = Plan(
        {"on-call": a_rotation("on-call", "dr-one")},
        Absences(),
        frozenset({ON_CALL, person("dr-two")}),
    )

    assert holes(plan) == []


def test_an_hour_in_which_nobody_can_be_reached_raises_the_metric_at_once_and_a_message_soon(
    house: House,
) -> None:
    house.reaches(POOL)
    assert unreachable_hours(house) == 14 * 24
    assert found(house) == []

    house.time_passes(hours=1)
    (event,) = found(house)
    assert (event.rotation_id, event.kind, event.recipient_id) == ("on-call", "unreachable", POOL)

    house.reaches("dr-one", POOL)
    assert unreachable_hours(house) == 0
    house.time_passes(hours=1)
    assert [each.closing for each in closed(house)] == ["covered"]


def test_a_program_that_is_set_up_in_any_order_hears_of_nobody_who_is_only_not_there_yet() -> None:
    house = House()
    house.reaches()
    house.put_policy(Severity.HIGH, (rung(person("dr-two")), rung(SUPERVISOR_POOL)))
    house.put_policy(Severity.LOW, (rung(person("dr-three")), rung(SUPERVISOR_POOL)))
    house.reaches("dr-two", POOL)
    house.reaches("dr-two", "dr-three", POOL)
    house.time_passes(hours=1)

    assert found(house) == []


def test_a_change_of_plans_neither_ends_nor_repeats_what_was_told_of_somebody_out_of_reach(
    house: House,
) -> None:
    house.reaches(POOL)
    house.time_passes(hours=1)
    house.put_policy(Severity.LOW, (rung(SUPERVISOR_POOL),))

    assert (len(found(house)), closed(house)) == (1, [])


def test_an_older_word_never_replaces_a_newer_one(house: House) -> None:
    house.reaches("dr-one", POOL, version=9)
    house.reaches(POOL, version=8)

    assert unreachable_hours(house) == 0


def test_one_programs_staff_says_nothing_of_anothers(house: House) -> None:
    house.reaches(POOL, tenant_id="harbor", version=9)

    assert unreachable_hours(house) == 0


def test_a_page_is_asked_for_whatever_was_told_of_its_person(house: House) -> None:
    house.reaches()
    house.signal()
    assert house.woken == ["dr-one"]

    house.page_failed(house.pages[0])
    assert house.woken == ["dr-one", POOL]


def test_whoever_is_on_call_and_cannot_be_reached_is_a_hole_while_that_is_so() -> None:
    house = House().staffed()
    house.reaches("dr-two", POOL)
    assert wrong(house) == [FindingKind.ROTATION_HOLE]

    house.reaches("dr-two", POOL, unproved=("dr-one",))
    assert wrong(house) == []


def test_supervisors_whom_no_page_can_reach_are_found_before_one_fails() -> None:
    house = House().staffed()
    house.reaches("dr-one", "dr-two")
    assert wrong(house) == [FindingKind.TENANT_WITHOUT_COVER]

    house.reaches("dr-one", "dr-two", POOL)
    assert wrong(house) == []


def test_supervisors_whose_address_nobody_has_proved_are_no_cover_until_a_page_arrived() -> None:
    house = House()
    house.reaches(unproved=(POOL,))
    house.put_policy(Severity.HIGH, (rung(SUPERVISOR_POOL),))
    assert wrong(house) == [FindingKind.TENANT_WITHOUT_COVER]

    house.signal()
    house.page_delivered(house.pages[0])
    assert wrong(house) == []

    house.reaches()
    assert wrong(house) == [FindingKind.TENANT_WITHOUT_COVER], "that it arrived once helps no more"


def test_a_tenant_of_whose_staff_nothing_was_told_is_found_and_its_people_are_not() -> None:
    house = House()
    house.put_rotation("on-call", "dr-one")
    house.put_policy(Severity.HIGH, (rung(ON_CALL),))
    house.signal()
    house.time_passes(seconds=30)
    house.page_delivered(house.pages[-1])
    assert wrong(house) == [FindingKind.TENANT_WITHOUT_COVER]

    house.reaches("dr-one", POOL)
    assert wrong(house) == []


def test_whoever_looks_at_a_ladder_sees_who_can_be_reached(house: House) -> None:
    house.reaches(unproved=(POOL,))
    ladder = house.crisis.on_call_queries.ladder(house.call("boss"), Severity.HIGH)

    people = [person for rung in on_call.who_is_on_call_now(ladder).rungs for person in rung.people]
    assert [(each.recipient_id, each.contact_point_presence) for each in people] == [
        ("dr-one", on_call_pb2.CONTACT_POINT_PRESENCE_ABSENT),
        (POOL, on_call_pb2.CONTACT_POINT_PRESENCE_UNPROVED),
    ]


def test_somebody_who_is_told_as_proved_alone_is_reached_too() -> None:
    told = notify_pb2.StaffReachChanged(proved_recipient_ids=["dr-one"])

    assert inbound.reach_of_staff(told).presence("dr-one") is Presence.PRESENT
