"""Somebody to talk to in a hard moment: a place in the queue, and a number that is answered now."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.call import Role, system_call
from chassis.errors import FailedPrecondition, HavenError, NotFound
from services.crisis.domain.commands import ListPage
from services.crisis.domain.person_request import (
    PersonRequest,
    QueuePolicy,
    Standing,
    State,
    Traffic,
    standing_of,
)
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import NOON, after, person, rotation_target, rung
from tests.unit.crisis.house import TENANT, House

POLICY = QueuePolicy()


def ask(house: House, patient_id: str = "p-1") -> Standing:
    """A patient asks for a person."""
    call = house.call(patient_id, Role.PATIENT)
    return house.crisis.care.person_queue.request(call, patient_id)


def look(house: House, patient_id: str = "p-1") -> Standing:
    """What the patient is told."""
    call = house.call(patient_id, Role.PATIENT)
    return house.crisis.care.person_queue_queries.get(call, patient_id)


def take(house: House, by: str = "dr-one") -> Standing | None:
    """A clinician takes the next."""
    return house.crisis.care.person_queue.take_next(house.call(by), None)


def finish(house: House, standing: Standing, by: str = "dr-one", *roles: Role) -> Standing:
    """The talk has ended."""
    return house.crisis.care.person_queue.finish(house.call(by, *roles), standing.request.id)


def a_request(**changes: Any) -> PersonRequest:
    """Somebody who asked at noon."""
    values: dict[str, Any] = {
        "id": "r-1",
        "patient_id": "p-1",
        "request_time": NOON,
        "act_time": NOON + POLICY.wait_bound,
    }
    return PersonRequest(**{**values, **changes})


def test_a_patient_is_told_the_place_the_wait_and_a_number() -> None:
    house = House().staffed()

    standing = ask(house)

    assert (standing.position, standing.call_number) == (1, "988")
    assert standing.expected_wait == timedelta(seconds=POLICY.talk_seconds)


def test_where_nobody_is_on_duty_no_wait_is_promised_and_the_number_is_told_at_once() -> None:
    house = House()  # no ladder: what becomes of it is for a shared mailbox

    for standing in (ask(house), look(house)):
        assert (standing.position, standing.expected_wait) == (1, None)
        assert standing.call_number == "988"


def test_where_everybody_opted_out_no_wait_is_promised() -> None:
    house = House().staffed()
    house.opt_out("dr-one", after(hours=-1), after(hours=1))

    assert ask(house).expected_wait is None


def test_a_clinician_who_talks_is_there_whoever_is_on_duty() -> None:
    house = House()
    ask(house)
    take(house)

    assert ask(house, "p-2").expected_wait == timedelta(seconds=POLICY.talk_seconds)


def told(house: House) -> list[str]:
    """Who was told that somebody waits."""
    return [each.recipient_id for each in house.store.emitted(events_pb2.PersonRequested)]


def test_those_on_duty_are_told_when_somebody_asks_and_once() -> None:
    house = House().staffed()
    house.put_policy(Severity.LOW, (rung(rotation_target("on-call"), person("dr-nine")),))
    asked = ask(house)
    ask(house)

    assert told(house) == ["dr-one", "dr-nine"]
    (event, _) = house.store.emitted(events_pb2.PersonRequested)
    assert event.person_request_id == asked.request.id
    assert event.expire_time.ToDatetime(UTC) == NOON + POLICY.wait_bound
    assert house.pages == []


def test_where_nobody_is_on_duty_the_supervisors_are_told() -> None:
    house = House()
    ask(house)

    assert told(house) == ["supervisor-pool"]


def test_patients_are_taken_in_the_order_in_which_they_asked() -> None:
    house = House()
    for patient_id in ("p-1", "p-2", "p-3"):
        ask(house, patient_id)
        house.time_passes(seconds=1)
    assert look(house, "p-3").position == 3

    taken = [take(house, by) for by in ("dr-one", "dr-two", "dr-three", "dr-four")]

    assert [each and each.request.patient_id for each in taken] == ["p-1", "p-2", "p-3", None]


def test_asking_again_while_waiting_keeps_the_place() -> None:
    house = House()
    first = ask(house)
    house.time_passes(seconds=30)
    ask(house, "p-2")

    again = ask(house)

    assert (again.request.id, again.position) == (first.request.id, 1)


def test_asking_again_while_taken_means_that_nobody_is_there_any_more() -> None:
    house = House()
    ask(house)
    taken = take(house)

    again = ask(house)

    assert taken is not None
    assert again.request.id != taken.request.id
    assert (again.request.state, again.position) == (State.WAITING, 1)
    states = {each["_id"]: each["state"] for each in house.store.documents("person_requests")}
    assert states[taken.request.id] == "finished"


def test_the_expected_wait_follows_the_last_talks() -> None:
    house = House().staffed()
    for minutes in (10, 20):
        ask(house)
        taken = take(house)
        assert taken is not None
        house.clock.advance(timedelta(minutes=minutes))
        finish(house, taken)

    assert ask(house).expected_wait == timedelta(minutes=15)


def test_a_talk_that_nobody_finished_says_nothing_about_how_long_talks_take() -> None:
    house = House().staffed()
    ask(house)
    take(house)
    house.time_passes(hours=3)

    assert look(house).request.state is State.FINISHED
    assert ask(house).expected_wait == timedelta(seconds=POLICY.talk_seconds)


@given(
    before=st.integers(0, 50),
    talks=st.lists(st.integers(1, 7200), max_size=20),
    under_way=st.integers(0, 20),
)
def test_nobody_further_behind_is_told_a_shorter_wait(
    before: int, talks: list[int], under_way: int
) -> None:
    lengths = tuple(timedelta(seconds=each) for each in talks)

    nearer, further = (
        standing_of(a_request(), Traffic(place, lengths, under_way), POLICY, "988")
        for place in (before, before + 1)
    )

    assert nearer.expected_wait is not None
    assert further.expected_wait is not None
    assert timedelta(0) <= nearer.expected_wait <= further.expected_wait


def test_a_wait_beyond_the_bound_opens_one_low_case_and_keeps_the_place() -> None:
    house = House().staffed()
    ask(house)

    house.time_passes(minutes=5)
    house.time_passes(minutes=5)

    (case,) = house.cases
    assert (case["source"], case["severity"], case["patient_id"]) == (
        Source.PERSON_REQUESTED.value,
        "low",
        "p-1",
    )
    standing = look(house)
    assert (standing.request.is_past_bound, standing.position) == (True, 1)
    assert standing.request.state is State.WAITING
    assert take(house) is not None


def told_of(house: House) -> int:
    return len(house.store.emitted(events_pb2.PersonRequested))


def test_who_asks_again_past_the_bound_is_told_of_anew_and_keeps_the_place_for_a_while() -> None:
    house = House().staffed()
    first = ask(house)
    house.clock.advance(timedelta(seconds=1))
    ask(house, "p-2")
    house.time_passes(minutes=6)
    told = told_of(house)
    again = ask(house)

    assert again.position == 1
    assert again.request.request_time - first.request.request_time < timedelta(seconds=1)
    assert told_of(house) > told
    told = told_of(house)
    assert ask(house).request.id == again.request.id
    assert told_of(house) == told, "once, until the bound has passed again"


def test_who_comes_again_days_after_a_wait_that_nobody_ended_waits_anew() -> None:
    house = House().staffed()
    ask(house)
    house.time_passes(minutes=6)
    house.clock.advance(timedelta(days=3))
    told = told_of(house)
    again = ask(house)

    assert again.request.request_time == house.clock.now()
    assert told_of(house) > told
    house.time_passes(minutes=6)
    signals = [act for act in house.store.documents("case_acts") if act["is_signal"]]
    assert len(signals) == 2, "the case hears of the second wait too"


def test_a_wait_within_the_bound_opens_nothing() -> None:
    house = House().staffed()
    ask(house)
    house.time_passes(minutes=4)
    take(house)
    house.time_passes(minutes=10)

    assert house.cases == []


def test_dying_between_the_case_and_the_note_of_it_opens_no_second_case() -> None:
    house = House().staffed()
    asked = ask(house)
    house.clock.advance(timedelta(minutes=6))
    call = system_call(TENANT, service="crisis", action="timer.person-queue")
    queue = house.crisis.care.person_queue
    settle = queue._settle

    def died(*_: Any) -> bool:
        raise RuntimeError("died")

    queue._settle = died
    with pytest.raises(RuntimeError):
        queue.act(call, asked.request.id)
    queue._settle = settle
    queue.act(call, asked.request.id)

    signals = [act for act in house.store.documents("case_acts") if act["is_signal"]]
    assert len(signals) == 1
    assert look(house).request.is_past_bound


def test_who_leaves_is_taken_by_nobody_and_may_come_back() -> None:
    house = House()
    ask(house)
    house.crisis.care.person_queue.leave(house.call("p-1", Role.PATIENT), "p-1")

    assert take(house) is None
    assert ask(house).position == 1


def test_who_does_not_wait_cannot_leave() -> None:
    house = House()
    with pytest.raises(NotFound):
        house.crisis.care.person_queue.leave(house.call("p-1", Role.PATIENT), "p-1")


def test_a_talk_is_finished_by_whoever_has_it_or_by_a_supervisor() -> None:
    house = House()
    for patient_id in ("p-1", "p-2"):
        ask(house, patient_id)
    first, second = take(house), take(house)
    assert first is not None
    assert second is not None

    with pytest.raises(FailedPrecondition) as refused:
        finish(house, first, "dr-two")
    assert refused.value.reason == "PERSON_OF_ANOTHER"
    assert finish(house, first).request.state is State.FINISHED
    assert finish(house, second, "boss", Role.SUPERVISOR).request.state is State.FINISHED
    with pytest.raises(FailedPrecondition) as refused:
        finish(house, first)
    assert refused.value.reason == "PERSON_NOT_TAKEN"


def test_a_patient_sees_the_own_request_alone() -> None:
    house = House()
    ask(house)
    stranger = house.call("p-2", Role.PATIENT)

    for act in (
        house.crisis.care.person_queue.request,
        house.crisis.care.person_queue.leave,
        house.crisis.care.person_queue_queries.get,
    ):
        with pytest.raises(NotFound):
            act(stranger, "p-1")


def test_clinicians_see_everyone_who_waits_the_longest_first() -> None:
    house = House()
    for patient_id in ("p-1", "p-2", "p-3"):
        ask(house, patient_id)
        house.time_passes(seconds=1)
    take(house)

    page = house.crisis.care.person_queue_queries.page(house.call("dr-one"), ListPage("", 0, ""))

    assert [(each.request.patient_id, each.position) for each in page.items] == [
        ("p-2", 1),
        ("p-3", 2),
    ]


def test_two_tenants_queues_do_not_know_each_other() -> None:
    house = House()
    ask(house)

    assert (
        house.crisis.care.person_queue.take_next(house.call("dr", tenant_id="harbor"), None) is None
    )


@given(verbs=st.lists(st.sampled_from(["take", "finish", "leave", "bound", "lapse"]), max_size=6))
def test_who_waits_or_talks_has_a_time_or_a_case(verbs: list[str]) -> None:
    request = a_request()
    acts = {
        "take": lambda: request.take("dr", POLICY, after(minutes=1)),
        "finish": lambda: request.finish("dr", after(minutes=2), is_supervisor=False),
        "leave": lambda: request.leave(after(minutes=2)),
        "bound": lambda: request.pass_bound() if request.state is State.WAITING else None,
        "lapse": lambda: request.lapse(after(hours=2)) if request.state is State.TAKEN else None,
    }
    for verb in verbs:
        before = request.state
        try:
            acts[verb]()
        except HavenError:
            assert request.state is before
        if request.state in {State.FINISHED, State.LEFT}:
            assert (request.act_time, request.end_time is None) == (None, False)
        elif request.state is State.TAKEN:
            assert request.act_time is not None
        else:
            assert request.act_time is not None or request.is_past_bound
