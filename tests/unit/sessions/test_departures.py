"""Whoever called for help does not go unnoticed: by themselves, by a cut, or with everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.codec.attested import timestamp
from services.sessions.domain.commands import Lead
from services.sessions.domain.events import DepartureKind
from services.sessions.domain.policy import SessionsPolicy
from tests.unit.sessions.builders import NOON, a_case, a_signal, after
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

WATCH = SessionsPolicy().signal_watch_seconds


def opened(**numbers: Any) -> Ward:
    """A started session with two patients and their facilitator in the room."""
    ward = Ward(numbers)
    ward.opens()
    ward.enters(by_patient("p-1"), "c-ana")
    ward.enters(by_patient("p-2"), "c-ben")
    ward.enters(by_facilitator(), "c-lead")
    return ward


def departures(ward: Ward) -> list[sessions.EndangeredPatientLeft]:
    return ward.store.emitted(sessions.EndangeredPatientLeft)


def told(ward: Ward, person_id: str = "f-1") -> list[DepartureKind]:
    """The departures in somebody's private log."""
    return [each.departure.kind for each in ward.private(person_id) if each.departure]


def is_contacted(ward: Ward, signal_id: str) -> None:
    ward.opens_case(signal_id)
    at = timestamp(ward.clock.now())
    ward.hears(crisis.CaseContacted(case_id="k-1", patient_id="p-1", contact_time=at), 2)


def is_acknowledged(ward: Ward, signal_id: str) -> None:
    ward.opens_case(signal_id)
    at = timestamp(ward.clock.now())
    ward.hears(
        crisis.CaseAcknowledged(
            case_id="k-1", patient_id="p-1", owner_role="clinician", acknowledge_time=at
        ),
        2,
    )


def is_resolved(ward: Ward, signal_id: str) -> None:
    ward.opens_case(signal_id)
    at = timestamp(ward.clock.now())
    ward.hears(crisis.CaseResolved(case_id="k-1", patient_id="p-1", resolve_time=at), 2)


def test_who_leaves_after_pressing_is_told_to_crisis_with_room_and_place() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    ward.pass_time(minutes=2)
    ward.attests("p-1")
    ward.leaves(by_patient(), "c-ana")
    (event,) = departures(ward)
    assert (event.safety_signal_id, event.session_id, event.patient_id) == (
        signal.id,
        "s-1",
        "p-1",
    )
    assert event.kind == sessions.DEPARTURE_KIND_LEFT
    assert event.leave_time == timestamp(after(minutes=2))
    assert event.location == ward.store.emitted(sessions.LocationAttested)[-1]
    assert event.departure_id


def test_the_facilitator_is_told_at_once_by_alias_and_nobody_else() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.leaves(by_patient(), "c-ana")
    event = ward.private("f-1")[-1]
    assert event.departure is not None
    assert (event.departure.kind, event.departure.leave_time) == (DepartureKind.LEFT, NOON)
    assert (event.alias, event.about.patient_id) == ("Blue Heron 4", "p-1")
    assert [each.number for each in ward.private("f-1")] == [1, 2]
    assert told(ward, "p-1") == []
    assert ward.private("p-2") == []


def test_peers_see_a_leave_like_any_other() -> None:
    rooms = []
    for is_pressed in (False, True):
        ward = opened()
        if is_pressed:
            ward.presses(by_patient())
        ward.leaves(by_patient(), "c-ana")
        rooms.append(ward.room())
    assert rooms[0] == rooms[1]


@pytest.mark.parametrize("way", ["left", "lost"])
def test_who_had_gone_before_their_signal_could_be_stored_is_told_once(way: str) -> None:
    ward = opened()
    ward.pass_time(seconds=10)
    for connection_id, call in (("c-ana", by_patient()), ("c-lead", by_facilitator())):
        ward.beats(call, connection_id)
    if way == "left":
        ward.leaves(by_patient(), "c-ana")
        ward.pass_time(seconds=90)
    else:
        ward.pass_time(seconds=60)
        ward.rings(only="participant-silences")
    signal = ward.presses(by_patient(), key="late").signal
    (event,) = departures(ward)
    assert (event.safety_signal_id, event.kind) == (
        signal.id,
        sessions.DEPARTURE_KIND_LEFT if way == "left" else sessions.DEPARTURE_KIND_LOST,
    )
    assert event.leave_time == timestamp(after(seconds=10))
    assert len(told(ward)) == 1
    for key in ("late", "another"):
        ward.presses(by_patient(), key=key)
    assert len(departures(ward)) == 1


def test_who_calls_from_home_long_after_a_group_has_not_gone_from_it() -> None:
    ward = opened()
    ward.leaves(by_patient(), "c-ana")
    ward.pass_time(minutes=3)
    ward.presses(by_patient())
    assert departures(ward) == []


def test_who_is_back_or_never_went_has_not_gone() -> None:
    ward = opened()
    ward.leaves(by_patient(), "c-ana")
    ward.enters(by_patient(), "c-back")
    ward.presses(by_patient())
    ward.presses(by_patient("p-2"))
    assert departures(ward) == []


def test_a_signal_that_the_facilitator_raised_is_watched_as_well() -> None:
    ward = opened()
    ward.presses(by_facilitator(), patient_id="p-1")
    ward.leaves(by_patient(), "c-ana")
    assert [event.patient_id for event in departures(ward)] == ["p-1"]
    assert told(ward) == [DepartureKind.LEFT]


def test_a_signal_from_outside_of_any_room_is_watched_in_the_room_that_is_left() -> None:
    ward = opened()
    signal = ward.presses(by_patient(), session_id="").signal
    ward.leaves(by_patient(), "c-ana")
    (event,) = departures(ward)
    assert (event.safety_signal_id, event.session_id) == (signal.id, "s-1")
    assert told(ward) == [DepartureKind.LEFT]


def test_of_two_signals_the_newest_goes_with_the_one_departure() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.pass_time(seconds=5)
    newest = ward.presses(by_facilitator(), patient_id="p-1").signal
    ward.leaves(by_patient(), "c-ana")
    assert [event.safety_signal_id for event in departures(ward)] == [newest.id]


def test_who_leaves_without_having_called_is_nobodys_worry() -> None:
    ward = opened()
    ward.presses(by_patient("p-1"))
    ward.leaves(by_patient("p-2"), "c-ben")
    ward.leaves(by_facilitator(), "c-lead")
    assert departures(ward) == []


def test_a_lost_connection_counts_from_when_it_was_last_heard() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.pass_time(seconds=25)
    ward.beats(by_patient(), "c-ana")
    ward.pass_time(seconds=30)
    ward.rings()
    (event,) = departures(ward)
    assert event.kind == sessions.DEPARTURE_KIND_LOST
    assert event.leave_time == timestamp(after(seconds=25))
    assert told(ward) == [DepartureKind.LOST]


def test_a_loss_within_the_watch_counts_however_late_it_is_noticed() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.pass_time(seconds=WATCH * 2)
    ward.rings()
    assert [event.patient_id for event in departures(ward)] == ["p-1"]


def test_a_signal_for_somebody_whose_silence_nobody_has_noticed_yet_counts_as_well() -> None:
    ward = opened()
    ward.pass_time(seconds=20)
    ward.presses(by_facilitator(), patient_id="p-1")
    ward.pass_time(seconds=10)
    ward.rings()
    assert [event.patient_id for event in departures(ward)] == ["p-1"]


def test_a_repeated_leave_and_a_late_look_tell_nothing_twice() -> None:
    ward = opened()
    ward.presses(by_patient())
    for _ in range(2):
        ward.leaves(by_patient(), "c-ana")
    ward.pass_time(minutes=1)
    ward.rings()
    assert len(departures(ward)) == 1
    assert len(told(ward)) == 1


def test_who_comes_back_and_is_lost_departs_again() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.leaves(by_patient(), "c-ana")
    ward.enters(by_patient(), "c-again")
    ward.pass_time(seconds=40)
    ward.rings()
    first, second = departures(ward)
    assert first.departure_id != second.departure_id
    assert told(ward) == [DepartureKind.LEFT, DepartureKind.LOST]


def test_a_connection_that_another_one_replaced_is_no_departure() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.pass_time(seconds=20)
    ward.enters(by_patient(), "c-again")
    ward.pass_time(seconds=20)
    ward.rings()
    assert departures(ward) == []


def test_who_waits_at_the_door_is_watched_as_well() -> None:
    ward = Ward()
    ward.prepares()
    ward.enters(by_patient(), "c-ana")
    ward.presses(by_patient())
    ward.leaves(by_patient(), "c-ana")
    assert [event.patient_id for event in departures(ward)] == ["p-1"]
    assert told(ward) == [DepartureKind.LEFT]


def test_after_the_watch_a_patient_may_go() -> None:
    for seconds, count in ((WATCH, 1), (WATCH + 1, 0)):
        ward = opened(silence_seconds=3600.0)
        ward.presses(by_patient())
        ward.pass_time(seconds=seconds)
        ward.leaves(by_patient(), "c-ana")
        assert len(departures(ward)) == count


def test_a_tenant_may_watch_for_longer() -> None:
    ward = opened(silence_seconds=3600.0, signal_watch_seconds=1800.0)
    ward.presses(by_patient())
    ward.pass_time(seconds=1700)
    ward.leaves(by_patient(), "c-ana")
    assert len(departures(ward)) == 1


@pytest.mark.parametrize(
    ("answered", "count"),
    [
        (is_contacted, 0),
        (is_resolved, 0),
        (is_acknowledged, 1),
    ],
)
def test_only_contact_or_an_end_answers_a_signal(answered: Any, count: int) -> None:
    ward = opened()
    answered(ward, ward.presses(by_patient()).signal.id)
    ward.leaves(by_patient(), "c-ana")
    assert len(departures(ward)) == count


def test_contact_before_a_signal_does_not_answer_it() -> None:
    signal, case = a_signal(), a_case()
    case.open("sig-1", 1)
    case.contact(NOON - timedelta(seconds=1), 2)
    signal.follow(case)
    assert signal.is_deserted(after(minutes=1), WATCH)


@pytest.mark.parametrize("by_time", [False, True])
def test_a_session_that_ends_lets_nobody_go_unnoticed(by_time: bool) -> None:
    ward = opened(silence_seconds=36_000.0, signal_watch_seconds=36_000.0)
    ward.presses(by_patient())
    if by_time:
        ward.pass_time(minutes=231)
        ward.rings()
    else:
        ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    (event,) = departures(ward)
    assert (event.patient_id, event.kind) == ("p-1", sessions.DEPARTURE_KIND_DISMISSED)
    assert told(ward) == [DepartureKind.DISMISSED]


def test_who_was_gone_before_the_end_does_not_go_again() -> None:
    ward = opened()
    ward.presses(by_patient())
    ward.leaves(by_patient(), "c-ana")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert len(departures(ward)) == 1


def test_a_drill_is_nobody_who_could_leave() -> None:
    ward = opened()
    ward.hears(crisis.DrillStarted(drill_id="4f8d7c6e-1f2a-4b8e-9d57-0c4f3a1b2d90"))
    for person_id, connection_id in (("p-1", "c-ana"), ("p-2", "c-ben")):
        ward.leaves(by_patient(person_id), connection_id)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert departures(ward) == []
