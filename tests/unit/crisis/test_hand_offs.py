"""The shift changes while a rung waits: the new one is woken, the old one sleeps."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2

from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.rotation import Override
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import NOON, after, person, rotation_target, rung
from tests.unit.crisis.house import House

AN_HOUR = after(hours=1) - NOON


@pytest.fixture
def house() -> House:
    """Dr. One hands off to Dr. Two in ten minutes; the first rung waits an hour."""
    house = House()
    start = after(minutes=10 - 24 * 60)
    house.put_rotation("on-call", "dr-one", "dr-two", start=start, shift_days=1)
    first = rung(rotation_target("on-call"), person("dr-nine"), wait=AN_HOUR)
    house.put_policy(Severity.HIGH, (first, rung(SUPERVISOR_POOL, wait=AN_HOUR)))
    house.do_what_is_due()
    return house


def wakes_at(house: House) -> Any:
    (case,) = house.cases
    return case["next_hand_off_time"]


def test_at_the_hand_off_the_new_shift_is_woken_and_nobody_else(house: House) -> None:
    house.signal()
    assert house.woken == ["dr-one", "dr-nine"]
    assert wakes_at(house) == after(minutes=10)

    house.time_passes(minutes=10)

    assert house.woken == ["dr-one", "dr-nine", "dr-two"]
    assert wakes_at(house) == after(minutes=10, days=1)


def test_a_hand_off_gives_nobody_more_time(house: House) -> None:
    house.signal()
    deadline = house.deadline(house.only_case())
    house.time_passes(minutes=10)

    assert house.deadline(house.only_case()) == deadline
    assert house.cases[0]["rung"] == 0


def test_a_hand_off_that_is_handled_twice_wakes_once(house: House) -> None:
    house.signal()
    house.time_passes(minutes=10)
    call = house.call("relay")
    house.crisis.hand_offs.hand_off(call, house.only_case())
    house.crisis.hand_offs.hand_off(call, house.only_case())

    assert house.woken.count("dr-two") == 1


def test_the_new_shift_is_told_by_its_own_page_under_the_same_rung(house: House) -> None:
    house.signal()
    house.time_passes(minutes=10)

    page = house.pages[-1]
    assert (page.recipient_id, page.rung, page.cycle) == ("dr-two", 0, 0)
    assert len({each.page_id for each in house.pages}) == 3


def test_the_page_of_the_new_shift_takes_the_place_of_the_old_ones(house: House) -> None:
    house.signal()
    one, nine = house.pages
    house.time_passes(minutes=10)

    (two,) = house.pages[2:]
    assert [(each.page_id, each.recipient_id) for each in two.replaced] == [(one.page_id, "dr-one")]
    assert not any(page.replaced for page in (one, nine))
    withdrawn = [act for act in house.acts() if act["kind"] == "page_withdrawn"]
    assert [act["page_id"] for act in withdrawn] == [one.page_id]


def test_where_nobody_new_is_woken_nobody_is_left_alone(house: House) -> None:
    house.signal()
    house.put_rotation("on-call", "dr-nine")  # who has a page of this rung already
    house.do_what_is_due()

    assert house.woken == ["dr-one", "dr-nine"]
    assert not any(act["kind"] == "page_withdrawn" for act in house.acts())


def test_once_somebody_has_it_a_hand_off_wakes_nobody(house: House) -> None:
    house.signal()
    house.acknowledge(house.only_case(), "dr-nine")
    assert wakes_at(house) is None

    house.time_passes(minutes=4)

    assert house.woken == ["dr-one", "dr-nine"]


def test_a_rung_that_fires_after_the_hand_off_never_meant_the_old_shift(house: House) -> None:
    house.time_passes(minutes=10)
    house.signal()

    assert house.woken == ["dr-two", "dr-nine"]


def test_whoever_comes_back_on_call_is_woken_again(house: House) -> None:
    cover = Override("dr-three", after(minutes=2), after(minutes=4))
    house.put_rotation(
        "on-call",
        "dr-one",
        start=after(days=-1),
        shift_days=1,
        overrides=(cover,),
    )
    house.signal()
    house.time_passes(minutes=2)
    house.time_passes(minutes=2)

    assert house.woken == ["dr-one", "dr-nine", "dr-three", "dr-one"]


def test_only_pages_of_those_who_are_meant_decide_whether_the_rung_was_heard(house: House) -> None:
    house.signal()
    house.time_passes(minutes=10)
    _, nine, two = house.pages

    house.page_failed(nine)
    assert house.cases[0]["rung"] == 0
    house.page_failed(two)

    assert house.cases[0]["rung"] == 1


def test_an_opt_out_takes_effect_in_a_case_that_waits(house: House) -> None:
    house.signal()
    house.opt_out("dr-one", NOON, after(hours=1), "dr-three")
    house.do_what_is_due()

    assert house.woken == ["dr-one", "dr-nine", "dr-three"]


def test_a_new_plan_takes_effect_in_a_case_that_waits(house: House) -> None:
    house.signal()
    house.put_rotation("on-call", "dr-five")
    house.do_what_is_due()

    assert house.woken[-1] == "dr-five"
    assert house.store.documents("coverage_checks")[0]["plan_change_time"] is None


def test_a_hand_off_to_nobody_wakes_the_supervisors_and_says_so(house: House) -> None:
    house.signal()
    house.opt_out("dr-one", NOON, after(hours=1))
    house.opt_out("dr-two", NOON, after(hours=1))
    house.do_what_is_due()

    assert house.woken[-1] == "supervisor-pool"
    acts = house.store.documents("case_acts")
    assert "cover_missed" in {act["kind"] for act in acts}
    assert "hand_off" in {act["detail"] for act in acts}


def test_a_hand_off_to_the_same_person_changes_nothing_but_the_next_one(house: House) -> None:
    house.put_rotation("on-call", "dr-one", start=after(minutes=5 - 24 * 60), shift_days=1)
    house.signal()
    house.time_passes(minutes=5)

    assert house.woken == ["dr-one", "dr-nine"]
    assert wakes_at(house) == after(minutes=5, days=1)
    assert house.store.emitted(events_pb2.CaseEscalated) == []


def test_a_case_of_an_earlier_release_is_left_to_its_deadline(house: House) -> None:
    house.signal()
    document = house.store.engine.tables["cases"][house.only_case()]
    del document["next_hand_off_time"]
    for page in document["pages"]:
        del page["recipient_id"]

    house.acknowledge(house.only_case(), "dr-nine")

    assert house.woken == ["dr-one", "dr-nine"]
