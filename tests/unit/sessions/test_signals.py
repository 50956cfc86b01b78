"""The call for help: once per key, private, and never claiming more help than there is."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from services.sessions.codec.attested import timestamp
from services.sessions.domain.case import Help
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient


def opened() -> Ward:
    ward = Ward()
    ward.opens()
    ward.enters(by_patient("p-1"))
    ward.enters(by_patient("p-2"))
    ward.enters(by_facilitator())
    return ward


def told(ward: Ward, person_id: str) -> list[str]:
    return [event.about.help.value for event in ward.private(person_id)]


def test_a_signal_goes_to_crisis_with_room_and_place() -> None:
    ward = opened()
    view = ward.presses(by_patient())
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert event.safety_signal_id == view.signal.id
    assert (event.session_id, event.patient_id) == ("s-1", "p-1")
    assert event.location_id == ward.store.documents("location_attestations")[0]["_id"]


def test_a_signal_brings_the_place_along_as_it_was_attested_and_sealed() -> None:
    ward = opened()
    ward.clock.advance(timedelta(seconds=1))
    ward.attests("p-1")
    ward.presses(by_patient())
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert event.location == ward.store.emitted(sessions.LocationAttested)[-1]
    assert event.location.location_id == event.location_id
    assert event.location.address_ciphertext


def test_a_signal_of_a_patient_who_never_said_a_place_brings_none() -> None:
    ward = Ward()
    ward.presses(by_patient("p-9"), session_id="")
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert (event.location_id, event.HasField("location")) == ("", False)


def test_the_answer_claims_nobody_yet_and_gives_a_number() -> None:
    view = opened().presses(by_patient())
    assert (view.signal.help, view.call_number) == (Help.NOBODY_YET, "988")


def test_the_same_key_is_the_same_signal() -> None:
    ward = opened()
    first = ward.presses(by_patient(), key="K-1")
    second = ward.presses(by_patient(), key="k-1")
    assert first.signal.id == second.signal.id
    assert len(ward.store.emitted(sessions.SafetySignalRaised)) == 1


def test_two_people_with_the_same_key_raise_two_signals() -> None:
    ward = opened()
    assert ward.presses(by_patient("p-1"), key="k-1").signal.id != (
        ward.presses(by_patient("p-2"), key="k-1").signal.id
    )


def test_peers_learn_nothing() -> None:
    ward = opened()
    before = ward.room()
    ward.presses(by_patient("p-1"))
    assert ward.room() == before
    assert ward.private("p-2") == []


def test_the_facilitator_is_told_at_once_by_alias_and_id() -> None:
    ward = opened()
    ward.presses(by_patient("p-1"))
    (event,) = ward.private("f-1")
    assert (event.alias, event.about.patient_id) == ("Blue Heron 4", "p-1")


@pytest.mark.parametrize("session_id", ["", "unknown", "s-9"])
def test_a_patient_is_heard_outside_of_any_room(session_id: str) -> None:
    ward = Ward()
    ward.presses(by_patient(), session_id=session_id)
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert event.session_id == ""


def test_a_patient_without_a_seat_is_heard_but_not_as_from_that_room() -> None:
    ward = opened()
    ward.presses(by_patient("p-9"))
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert (event.patient_id, event.session_id) == ("p-9", "")
    assert ward.private("f-1") == []


def test_a_facilitator_raises_it_for_a_patient_of_the_room() -> None:
    ward = opened()
    ward.presses(by_facilitator(), patient_id="p-1")
    (event,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert event.origin == sessions.SAFETY_SIGNAL_ORIGIN_FACILITATOR
    assert event.patient_id == "p-1"
    assert ward.private("p-1") == []


def test_a_clinician_of_another_room_has_other_ways() -> None:
    with pytest.raises(PermissionDenied):
        opened().presses(by_facilitator("f-2"), patient_id="p-1")


def test_a_facilitator_cannot_raise_it_for_somebody_without_a_seat() -> None:
    with pytest.raises(NotFound):
        opened().presses(by_facilitator(), patient_id="p-9")


def test_one_key_cannot_stand_for_two_patients() -> None:
    ward = opened()
    ward.presses(by_facilitator(), patient_id="p-1", key="k-1")
    with pytest.raises(InvalidArgument) as error:
        ward.presses(by_facilitator(), patient_id="p-2", key="k-1")
    assert error.value.reason == "REQUEST_ID_REUSED"


def test_patient_and_facilitator_are_told_each_step_of_the_case() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    at = timestamp(ward.clock.now())
    ward.opens_case(signal.id)
    ward.hears(crisis.CaseEscalated(case_id="k-1", patient_id="p-1", escalate_time=at), 2)
    ward.hears(
        crisis.CaseAcknowledged(
            case_id="k-1", patient_id="p-1", owner_role="clinician", acknowledge_time=at
        ),
        3,
    )
    ward.hears(crisis.CaseContacted(case_id="k-1", patient_id="p-1", contact_time=at), 4)
    ward.hears(crisis.CaseResolved(case_id="k-1", patient_id="p-1", resolve_time=at), 5)
    steps = ["nobody_yet", "sent", "nobody_yet", "held_by_role", "held_by_role", "resolved"]
    assert told(ward, "p-1") == steps
    assert told(ward, "f-1") == steps
    assert [event.number for event in ward.private("p-1")] == [1, 2, 3, 4, 5, 6]


def test_a_case_that_goes_on_in_another_one_is_not_told_as_over() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    at = timestamp(ward.clock.now())
    ward.opens_case(signal.id, case_id="k-1")
    merged = {"resolve_time": at, "disposition": "merged"}
    ward.hears(crisis.CaseResolved(case_id="k-1", **merged), 2)
    ward.opens_case(signal.id, case_id="k-2", version=7)
    held = {"patient_id": "p-1", "owner_role": "clinician", "acknowledge_time": at}
    ward.hears(crisis.CaseAcknowledged(case_id="k-2", **held), 8)
    assert told(ward, "p-1") == ["nobody_yet", "sent", "held_by_role"]
    ward.hears(crisis.CaseResolved(case_id="k-2", patient_id="p-1", resolve_time=at), 9)
    assert told(ward, "p-1")[-1] == "resolved"


def test_of_a_drill_that_is_forgotten_no_copy_stays() -> None:
    ward = opened()
    real = ward.presses(by_patient()).signal.id
    ward.opens_case(real)
    drill_id, at = str(uuid4()), timestamp(ward.clock.now())
    ward.hears(crisis.DrillStarted(drill_id=drill_id))
    ward.hears(crisis.CaseOpened(case_id="k-9", patient_id=drill_id, open_time=at), 1)
    for version in (1, 2):
        ward.hears(crisis.DrillForgotten(drill_id=drill_id, case_id="k-9"), version)

    assert [each["_id"] for each in ward.store.documents("cases")] == ["k-1"]
    assert [each["_id"] for each in ward.store.documents("safety_signals")] == [real]


def test_a_drills_signal_is_raised_once_as_a_patients_and_nobody_is_told_of_it() -> None:
    ward = opened()
    drill_id = str(uuid4())
    for _ in range(2):
        ward.hears(crisis.DrillStarted(drill_id=drill_id))
    ward.opens_case(drill_id)

    (signal,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert (signal.safety_signal_id, signal.patient_id) == (drill_id, drill_id)
    assert (signal.session_id, signal.location_id) == ("", "")
    assert ward.private(drill_id) == []


def test_a_step_that_overtakes_the_opening_is_not_lost() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    at = timestamp(ward.clock.now())
    ward.hears(
        crisis.CaseAcknowledged(
            case_id="k-1", patient_id="p-1", owner_role="supervisor", acknowledge_time=at
        ),
        2,
    )
    ward.opens_case(signal.id, version=1)
    assert told(ward, "p-1") == ["nobody_yet", "held_by_role"]


def test_a_case_without_a_signal_from_here_tells_nobody_here() -> None:
    ward = opened()
    ward.opens_case("")
    assert ward.private("p-1") == []


def test_an_open_signal_is_shown_again_to_whoever_comes_back() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    assert [view.signal.id for view in ward.enters(by_patient()).signals] == [signal.id]
    assert [view.alias for view in ward.enters(by_facilitator()).signals] == ["Blue Heron 4"]
    assert ward.enters(by_patient("p-2")).signals == ()


def test_a_patient_reads_the_own_signal_and_nobody_elses() -> None:
    ward = opened()
    signal = ward.presses(by_patient()).signal
    assert ward.sessions.queries.signal(by_patient(), signal.id).signal.help is Help.NOBODY_YET
    with pytest.raises(NotFound):
        ward.sessions.queries.signal(by_patient("p-2"), signal.id)


def test_a_patient_is_not_shown_a_signal_that_staff_raised() -> None:
    ward = opened()
    signal = ward.presses(by_facilitator(), patient_id="p-1").signal
    with pytest.raises(NotFound):
        ward.sessions.queries.signal(by_patient(), signal.id)
    assert ward.sessions.queries.signal(by_facilitator(), signal.id).signal.patient_id == "p-1"


def test_a_case_of_somebody_unknown_concerns_no_room_and_is_no_fault() -> None:
    ward = opened()
    ward.hears(crisis.CaseOpened(case_id="c-9", open_time=timestamp(ward.clock.now())))

    assert told(ward, "p-1") == []
