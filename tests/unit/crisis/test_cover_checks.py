"""A hole in the cover is told when it is made, again each day, and once more when it is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2

from chassis.call import Role
from chassis.errors import FailedPrecondition, NotFound, PermissionDenied, Unavailable
from chassis.ids import derived_id
from services.crisis.codec.on_call_documents import gap_from
from services.crisis.domain.commands import ListPage, ListShifts, OptOutOfCalls
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.signal import Severity
from services.crisis.timers import CoverCensus, begin_cover_checks
from tests.unit.crisis.builders import NOON, after, person, rotation_target, rung
from tests.unit.crisis.house import TENANT, House


@pytest.fixture
def house() -> House:
    """One rotation of one clinician, and a ladder that counts on it."""
    house = House()
    house.put_rotation("on-call", "dr-one")
    house.put_policy(Severity.HIGH, (rung(rotation_target("on-call")), rung(SUPERVISOR_POOL)))
    return house


def found(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.CoverageGapFound)


def closed(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.CoverageGapClosed)


def hours(house: House) -> dict[str, float]:
    (family,) = CoverCensus(house.crisis, [TENANT, "harbor"]).collect()
    return {sample.labels["kind"]: sample.value for sample in family.samples}


def test_a_house_without_holes_tells_nothing(house: House) -> None:
    assert found(house) == []
    assert set(hours(house).values()) == {0}


def test_an_opt_out_without_anybody_else_is_told_with_the_exact_hours(house: House) -> None:
    _, gaps = house.opt_out("dr-one", after(days=2), after(days=2, hours=6))

    (event,) = found(house)
    assert (event.rotation_id, event.kind, event.notice_count) == ("on-call", "opted_out", 1)
    assert event.start_time.ToDatetime(tzinfo=NOON.tzinfo) == after(days=2)
    assert event.end_time.ToDatetime(tzinfo=NOON.tzinfo) == after(days=2, hours=6)
    assert event.recipient_id == "supervisor-pool"
    assert [gap.hours for gap in gaps] == [6]
    assert hours(house)["opted_out"] == 6


def test_a_gap_is_told_once_and_again_each_day_until_it_is_covered(house: House) -> None:
    opt_out, _ = house.opt_out("dr-one", after(days=5), after(days=6))
    for _ in range(23):
        house.time_passes(hours=1)
    assert len(found(house)) == 1

    house.time_passes(hours=1)
    assert [event.notice_count for event in found(house)] == [1, 2]
    assert len({event.gap_id for event in found(house)}) == 1

    house.crisis.on_call.cancel(house.call("dr-one"), opt_out.id)
    (event,) = closed(house)
    assert (event.closing, event.gap_id) == ("covered", found(house)[0].gap_id)
    assert hours(house)["opted_out"] == 0
    house.time_passes(days=2)
    assert len(found(house)) == 2


def test_a_gap_whose_time_has_passed_is_closed_as_passed(house: House) -> None:
    house.opt_out("dr-one", after(hours=1), after(hours=2))
    house.time_passes(hours=1.5)
    assert closed(house) == []

    house.time_passes(hours=1)

    assert [event.closing for event in closed(house)] == ["passed"]


def test_a_gap_in_its_middle_is_still_the_one_that_was_told(house: House) -> None:
    house.opt_out("dr-one", after(hours=1), after(hours=9))
    for _ in range(8):
        house.time_passes(hours=1)

    assert len(found(house)) == 1
    assert hours(house)["opted_out"] == 1


def test_a_gap_that_comes_back_is_told_anew(house: House) -> None:
    start, end = after(days=3), after(days=4)
    opt_out, _ = house.opt_out("dr-one", start, end)
    house.crisis.on_call.cancel(house.call("dr-one"), opt_out.id)
    house.opt_out("dr-one", start, end)

    assert [event.notice_count for event in found(house)] == [1, 2]
    assert len(house.store.documents("coverage_gaps")) == 1


def test_time_alone_brings_a_gap_within_the_horizon(house: House) -> None:
    house.opt_out("dr-one", after(days=14, hours=1), after(days=14, hours=3))
    assert found(house) == []

    house.time_passes(hours=2)

    assert [event.kind for event in found(house)] == ["opted_out"]


def test_a_policy_that_names_a_rotation_nobody_made_is_told_at_once(house: House) -> None:
    house.put_policy(Severity.LOW, (rung(rotation_target("night"), person("dr-two")),))

    (event,) = found(house)
    assert (event.rotation_id, event.kind) == ("night", "rotation_unknown")
    assert hours(house)["rotation_unknown"] == 14 * 24
    house.put_rotation("night", "dr-two")
    assert [each.closing for each in closed(house)] == ["covered"]


def test_a_person_of_a_rung_who_goes_without_a_substitute_is_told_ahead(house: House) -> None:
    house.put_policy(Severity.LOW, (rung(person("dr-two")), rung(SUPERVISOR_POOL)))
    opt_out, gaps = house.opt_out("dr-two", after(days=3), after(days=3, hours=8))

    (event,) = found(house)
    assert (event.rotation_id, event.clinician_id, event.kind) == ("", "dr-two", "opted_out")
    assert event.start_time.ToDatetime(tzinfo=NOON.tzinfo) == after(days=3)
    assert [gap.hours for gap in gaps] == [8]
    assert hours(house)["opted_out"] == 8
    house.time_passes(days=1)
    assert [event.notice_count for event in found(house)] == [1, 2]

    house.crisis.on_call.cancel(house.call("dr-two"), opt_out.id)
    (event,) = closed(house)
    assert (event.closing, event.clinician_id) == ("covered", "dr-two")
    assert hours(house)["opted_out"] == 0


def test_a_policy_that_names_somebody_who_is_away_is_told_at_once(house: House) -> None:
    house.opt_out("dr-two", after(days=3), after(days=4))
    assert found(house) == []

    house.put_policy(Severity.LOW, (rung(person("dr-two")),))

    assert [event.clinician_id for event in found(house)] == ["dr-two"]


def test_a_person_and_a_rotation_of_one_name_are_two_gaps(house: House) -> None:
    house.put_rotation("dr-two", "dr-two")
    house.put_policy(Severity.LOW, (rung(person("dr-two"), rotation_target("dr-two")),))
    house.opt_out("dr-two", after(days=3), after(days=4))

    told = {(event.rotation_id, event.clinician_id) for event in found(house)}
    assert told == {("dr-two", ""), ("", "dr-two")}
    assert len({event.gap_id for event in found(house)}) == 2


def test_a_gap_that_an_earlier_release_told_is_the_same_one(house: House) -> None:
    house.opt_out("dr-one", after(days=2), after(days=3))
    (document,) = house.store.documents("coverage_gaps")
    del document["clinician_id"]

    assert gap_from(document).target == rotation_target("on-call")
    start = after(days=2).isoformat()
    assert document["_id"] == derived_id(TENANT, "coverage-gap", "on-call", start)


def test_a_substitute_leaves_no_hole(house: House) -> None:
    house.opt_out("dr-one", after(days=1), after(days=2), "dr-two")

    assert found(house) == []


def test_a_tenant_that_never_changes_a_plan_is_looked_at_from_a_relays_start() -> None:
    house = House()
    begin_cover_checks(house.crisis, [TENANT])
    (check,) = house.store.documents("coverage_checks")

    house.time_passes(hours=1)

    (later,) = house.store.documents("coverage_checks")
    assert later["next_check_time"] == check["next_check_time"] + timedelta(hours=1)
    begin_cover_checks(house.crisis, [TENANT])
    assert house.store.documents("coverage_checks") == [later]


def test_a_relay_starts_though_the_database_is_away() -> None:
    house = House()

    def is_away(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    house.store.transact = is_away
    begin_cover_checks(house.crisis, [TENANT])
    house.store.read = is_away

    assert CoverCensus(house.crisis, [TENANT]).collect() == []


def test_a_clinician_speaks_only_for_themselves_and_a_supervisor_for_anybody(house: House) -> None:
    command = OptOutOfCalls("dr-one", after(days=1), after(days=2))
    with pytest.raises(PermissionDenied) as refused:
        house.crisis.on_call.opt_out(house.call("dr-two"), command)
    assert refused.value.reason == "OPT_OUT_OF_ANOTHER"
    assert house.store.documents("on_call_opt_outs") == []

    boss = house.call("boss", Role.SUPERVISOR)
    opt_out, _ = house.crisis.on_call.opt_out(boss, command)

    assert (opt_out.clinician_id, opt_out.author_id) == ("dr-one", "boss")
    with pytest.raises(PermissionDenied):
        house.crisis.on_call.cancel(house.call("dr-two"), opt_out.id)


def test_an_opt_out_of_a_rotation_that_does_not_exist_is_refused(house: House) -> None:
    with pytest.raises(NotFound):
        house.opt_out("dr-one", after(days=1), after(days=2), rotation="nowhere")


def test_cancelling_twice_changes_nothing_and_too_late_is_refused(house: House) -> None:
    first, _ = house.opt_out("dr-one", after(hours=1), after(hours=2))
    second, _ = house.opt_out("dr-one", after(hours=3), after(hours=4))
    cancel = house.crisis.on_call.cancel
    cancel(house.call("dr-one"), first.id)
    cancel(house.call("dr-one"), first.id)
    house.time_passes(hours=5)

    with pytest.raises(FailedPrecondition) as refused:
        cancel(house.call("dr-one"), second.id)

    assert refused.value.reason == "OPT_OUT_ENDED"


def test_opt_outs_are_listed_with_the_latest_first(house: House) -> None:
    for day in (1, 3, 2):
        house.opt_out("dr-one", after(days=day), after(days=day, hours=1))

    page = house.crisis.on_call_queries.opt_outs(house.call("boss"), ListPage("dr-one", 2, ""))

    assert [each.start for each in page.items] == [after(days=3), after(days=2)]
    assert page.next_page_token


def test_shifts_are_listed_with_their_reasons(house: House) -> None:
    house.put_rotation("on-call", "dr-one", "dr-two")
    house.opt_out("dr-one", after(hours=2), after(hours=4), "dr-three")

    asked = ListShifts("on-call", NOON, after(hours=6))
    shifts = house.crisis.on_call_queries.shifts(house.call("boss"), asked)

    assert [(each.clinician_id, each.reason.value, each.start) for each in shifts] == [
        ("dr-one", "turn", NOON),
        ("dr-three", "substitute", after(hours=2)),
        ("dr-one", "turn", after(hours=4)),
    ]


def test_whom_a_severity_would_wake_now_is_told_rung_by_rung(house: House) -> None:
    house.put_policy(
        Severity.LOW, (rung(rotation_target("on-call"), person("dr-two")), rung(SUPERVISOR_POOL))
    )
    house.opt_out("dr-one", NOON, after(hours=4))

    ladder = house.crisis.on_call_queries.ladder(house.call("boss"), Severity.LOW)

    (_, first), (_, last) = ladder.rungs
    assert [(each.clinician_id, each.until) for each in first] == [
        ("", after(hours=4)),
        ("dr-two", after(hours=4)),
    ]
    assert [each.clinician_id for each in last] == ["supervisor-pool"]


def test_what_one_tenant_does_tells_another_nothing(house: House) -> None:
    command = OptOutOfCalls("dr-one", after(days=1), after(days=2))
    house.crisis.on_call.opt_out(house.call("dr-one", tenant_id="harbor"), command)

    assert found(house) == []
    assert house.crisis.on_call_queries.gaps(house.call("boss"), "") == []
