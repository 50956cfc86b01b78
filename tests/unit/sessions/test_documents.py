"""What is stored comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions

from clinical.risk import Severity
from services.sessions.codec import activity_documents, documents, entries, places
from services.sessions.codec.case_documents import case_document, case_from
from services.sessions.domain.case import Case
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.events import DepartureKind, HoldReason
from services.sessions.domain.group import GroupKind
from services.sessions.domain.held import decide, hold, put_out
from services.sessions.domain.lobby import (
    Answer,
    Decision,
    DoorAnswer,
    LobbyEntry,
    LobbyState,
    WaitReason,
)
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.mood import MoodCheckIn, concerns_of
from services.sessions.domain.participant import Participant
from services.sessions.domain.poll import Audience, Poll, PollTally, PollView, Question
from services.sessions.domain.presence import Departure
from services.sessions.domain.quality import Device, Quality, Report
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from tests.unit.sessions.builders import (
    NOON,
    POLICY,
    a_case,
    a_location,
    a_patient,
    a_session,
    a_signal,
    a_started_session,
    after,
)


def kept(document: dict[str, Any]) -> dict[str, Any]:
    """As the database gives it back."""
    stored = {"version": 0, **document}
    return dict(bson.decode(bson.encode(stored), CodecOptions(tz_aware=True)))


def a_session_after_a_break() -> Session:
    session = a_started_session()
    session.pause("f-1", after(minutes=10))
    session.resume("f-1", after(minutes=15))
    session.pause("f-1", after(minutes=20))
    return session


@pytest.mark.parametrize(
    "session",
    [
        a_session(),
        a_session_after_a_break(),
        a_session(is_canceled=True, group_kind=GroupKind.PROCESS),
    ],
)
def test_a_session(session: Session) -> None:
    assert documents.session_from(kept(documents.session_document(session))) == session


def a_patient_who_came_and_went() -> Participant:
    patient = a_patient()
    patient.join("c-1", "Blue Heron 4", NOON, POLICY)
    patient.leave("c-1", after(minutes=5))
    patient.join("c-2", "Blue Heron 4", after(minutes=20), POLICY)
    patient.record(a_started_session(), after(minutes=21), POLICY)
    patient.events.clear()
    return patient


def a_patient_who_is_held_and_denied() -> Participant:
    patient = a_patient_who_came_and_went()
    put_out(patient, after(minutes=30), WaitReason.HELD_FOR_LICENSE)
    hold(patient, "h-1", HoldReason.LICENSE, after(minutes=30), POLICY)
    decide(patient, Decision.DENIED, after(minutes=31))
    patient.door = replace(patient.door, resume_hash="hash", alarms=frozenset({"held/"}))
    patient.departure = None
    patient.events.clear()
    return patient


@pytest.mark.parametrize(
    "place",
    [a_patient(), a_patient_who_came_and_went(), a_patient_who_is_held_and_denied()],
)
def test_a_place_with_its_ledger(place: Participant) -> None:
    assert places.participant_from(kept(places.participant_document(place))) == place


def test_a_place_that_an_earlier_release_wrote() -> None:
    document = kept(places.participant_document(a_patient()))
    del document["door"]
    assert places.participant_from(document) == a_patient()


def test_a_session_and_a_case_that_an_earlier_release_wrote() -> None:
    session = kept(documents.session_document(a_session()))
    del session["group_kind"]
    assert documents.session_from(session) == a_session()
    case = kept(case_document(a_case()))
    del case["severity"]
    assert case_from(case).is_at_risk


@pytest.mark.parametrize(
    "about",
    [
        LobbyEntry("s-1", "p-1", WaitReason.LATE, LobbyState.WAITING, NOON, is_at_risk=True),
        DoorAnswer("s-1", Answer.CHANGED),
    ],
)
def test_what_is_told_of_the_lobby(about: LobbyEntry | DoorAnswer) -> None:
    event = PrivateEvent(about, NOON, "Blue Heron 4")
    stored = kept({**entries.private_event_document(event), "number": 0})
    assert entries.private_event_from(stored) == event


def test_an_attestation() -> None:
    location = replace(a_location(), events=[])
    assert documents.location_from(kept(documents.location_document(location))) == location


def a_case_with_a_history() -> Case:
    case = a_case()
    case.open("sig-1", 1, Severity.HIGH)
    case.escalate(2)
    case.acknowledge("supervisor", 3)
    case.contact(after(minutes=9), 4)
    case.resolve(after(minutes=12), 5)
    return case


@pytest.mark.parametrize("case", [a_case(), a_case_with_a_history()])
def test_a_case(case: Case) -> None:
    assert case_from(kept(case_document(case))) == case


def test_a_signal_and_its_place_in_a_private_log() -> None:
    signal = replace(a_signal(), events=[])
    signal.follow(a_case_with_a_history())
    assert documents.signal_from(kept(documents.signal_document(signal))) == signal
    event = PrivateEvent(signal, NOON, "Blue Heron 4", number=3)
    stored = kept({**entries.private_event_document(event), "number": 3})
    assert entries.private_event_from(stored) == event


def test_a_departure_in_a_private_log() -> None:
    departure = Departure(DepartureKind.LOST, after(minutes=4))
    event = PrivateEvent(replace(a_signal(), events=[]), NOON, number=4, departure=departure)
    stored = kept({**entries.private_event_document(event), "number": 4})
    assert entries.private_event_from(stored) == event


def test_a_private_event_of_an_earlier_release_tells_of_no_departure() -> None:
    event = PrivateEvent(replace(a_signal(), events=[]), NOON, number=1)
    stored = kept({**entries.private_event_document(event), "number": 1})
    del stored["departure"]
    assert entries.private_event_from(stored) == event


def test_an_event_of_a_room() -> None:
    event = RoomEvent(
        RoomEventKind.CHAT, "Blue Heron 4", Role.PATIENT, NOON, "p-1", "good morning", number=7
    )
    stored = kept({**entries.room_event_document(event), "number": 7})
    assert entries.room_event_from(stored) == event


def test_log_entries_have_no_patient_id_that_the_audit_trail_would_take_for_a_chart() -> None:
    event = RoomEvent(RoomEventKind.JOINED, "Blue Heron 4", Role.PATIENT, NOON, "p-1")
    assert "patient_id" not in entries.room_event_document(event)
    assert "patient_id" not in entries.private_event_document(PrivateEvent(a_signal(), NOON))


A_QUESTION = Question("Ready?", ("yes", "no"), Audience.STAFF)


def test_a_poll_open_and_closed() -> None:
    poll = Poll("po-1", "s-1", A_QUESTION, NOON, votes={"p-1": 2})
    assert activity_documents.poll_from(kept(activity_documents.poll_document(poll))) == poll
    poll.close(after(minutes=1))
    assert activity_documents.poll_from(kept(activity_documents.poll_document(poll))) == poll


def a_mood(value: int | None) -> MoodCheckIn:
    concerns = concerns_of(value, (9,), POLICY)
    return MoodCheckIn("m-1", "s-1", "p-1", value, 7, concerns, NOON, is_crisis_told=True)


A_REPORT = Report(0.25, None, 0.5, Device.PHONE)


@pytest.mark.parametrize(
    "about",
    [
        a_mood(0),
        a_mood(None),
        PollTally("po-1", (0, 3)),
        Quality("pa-1", "s-1", A_REPORT, NOON, is_told_poor=True, tell_time=NOON),
        ChatRisk("c-1", "s-1", "p-1", Severity.LOW, 0, NOON),
    ],
)
def test_what_staff_are_told_in_private(about: Any) -> None:
    event = PrivateEvent(about, NOON, "Blue Heron 4", number=3)
    stored = kept({**entries.private_event_document(event), "number": 3})
    assert entries.private_event_from(stored) == event
    assert "patient_id" not in stored


@pytest.mark.parametrize(
    "more",
    [
        {"kind": RoomEventKind.REACTED, "reaction": Reaction.ME_TOO},
        {"kind": RoomEventKind.HAND_LOWERED, "is_by_facilitator": True},
        {
            "kind": RoomEventKind.POLL_CLOSED,
            "poll": PollView("po-1", A_QUESTION, (0, 3), is_open=False, is_hidden_from_peers=True),
        },
    ],
)
def test_an_event_of_what_goes_on_in_a_room(more: dict[str, Any]) -> None:
    event = RoomEvent(alias="Blue Heron 4", role=Role.PATIENT, create_time=NOON, number=7, **more)
    stored = kept({**entries.room_event_document(event), "number": 7})
    assert entries.room_event_from(stored) == event


def test_places_and_cases_of_an_earlier_release_have_neither_hand_nor_end() -> None:
    place, case = places.participant_document(a_patient()), case_document(a_case())
    del place["hand_number"], case["resolve_time"]
    assert places.participant_from(kept(place)).hand_number == 0
    assert case_from(kept(case)).resolve_time is None
