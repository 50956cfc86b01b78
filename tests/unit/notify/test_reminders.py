"""People are reminded of their sessions: in time, once, and only of what still is."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.scheduling.v1 import events_pb2 as scheduling_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.call import system_call
from services.notify.codec import reminders as codec
from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.message import Channel
from services.notify.domain.reminder import PlannedSession, SessionFact
from services.notify.shelves.reminders import PLANNED_SESSIONS, REMIND_DUE
from tests.unit.notify.builders import NOON
from tests.unit.notify.house import TENANT, House

DAY, HALF_HOUR = 86_400, 1_800
IN_TWO_DAYS = NOON + timedelta(days=2)


def known_to(house: House) -> House:
    """Two patients have proved their mailboxes."""
    for patient_id in ("p-1", "p-2"):
        event = intake_pb2.PatientContactRecorded(
            patient_id=patient_id,
            email_ciphertext=house.cipher.encrypt(TENANT, f"{patient_id}@mail.example"),
            time_zone="UTC",
        )
        house.hear(event)
        house.prove(patient_id, Channel.EMAIL)
    return house


@pytest.fixture
def house() -> House:
    return known_to(House())


def scheduled(
    house: House, start: datetime = IN_TWO_DAYS, *, version: int = 1, **changes: Any
) -> None:
    event = scheduling_pb2.SessionScheduled(
        **{"session_id": "s-1", "group_id": "g-1", "patient_ids": ["p-1"], **changes}
    )
    event.start_time.FromDatetime(start)
    house.hear(event, version=version)


def enrolled(house: House, *, version: int = 1, patient_id: str = "p-2") -> None:
    event = scheduling_pb2.SeriesEnrolled(
        enrollment_id="e-1", patient_id=patient_id, session_ids=["s-1", "s-2"]
    )
    house.hear(event, version=version)


def released(house: House, *, version: int = 2) -> None:
    event = scheduling_pb2.SeatReleased(
        enrollment_id="e-1", patient_id="p-2", session_ids=["s-1"], held_session_ids=["s-2"]
    )
    house.hear(event, version=version)


def passes(house: House, **parts: float) -> None:
    """Time passes, in steps of a quarter of an hour; what is due is done."""
    ends = house.clock.now() + timedelta(**parts)
    while house.clock.now() < ends:
        house.clock.advance(min(timedelta(minutes=15), ends - house.clock.now()))
        for tenant_id, id in house.store.due(PLANNED_SESSIONS, REMIND_DUE, limit=10):
            call = system_call(tenant_id, service="notify", action="timer.session-reminders")
            house.notify.reminding.remind(call, id)
        house.time_passes()


def test_a_patient_is_reminded_a_day_and_half_an_hour_before(house: House) -> None:
    scheduled(house)
    passes(house, hours=23)
    assert house.reached == []

    passes(house, hours=1)
    assert house.reached == ["p-1@mail.example"]
    passes(house, hours=24)
    assert house.reached == ["p-1@mail.example"] * 2
    assert {each["message_class"] for each in house.messages} == {"schedule"}


def test_a_reminder_tells_nothing_of_what_the_session_is(house: House) -> None:
    scheduled(house)
    passes(house, days=1)

    (mail,) = house.provider.taken
    assert (mail.subject, "s-1" in mail.body) == ("You have an appointment", False)


def test_who_has_a_seat_by_a_series_is_reminded_too(house: House) -> None:
    scheduled(house)
    enrolled(house)
    passes(house, days=1)

    assert sorted(house.reached) == ["p-1@mail.example", "p-2@mail.example"]


def test_who_gave_the_seat_back_is_not_reminded(house: House) -> None:
    scheduled(house)
    enrolled(house)
    released(house)
    passes(house, days=2)

    assert set(house.reached) == {"p-1@mail.example"}


def test_a_reminder_that_waits_is_withdrawn_when_the_seat_is_given_back() -> None:
    # A session at three in the morning: the reminder of the day before waits for eight.
    house = House()
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-2",
        email_ciphertext=house.cipher.encrypt(TENANT, "p-2@mail.example"),
        time_zone="UTC",
    )
    house.hear(event)
    house.prove("p-2", Channel.EMAIL)
    scheduled(house, NOON + timedelta(hours=39), patient_ids=[])
    enrolled(house)
    passes(house, hours=16)
    assert house.states == ["accepted"]

    released(house)
    passes(house, hours=5)
    assert (house.states, house.reached) == (["withdrawn"], [])
    assert house.messages[0]["reason"] == "SEAT_RELEASED"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"is_canceled": True}, "SESSION_CANCELED"), ({"start": IN_TWO_DAYS}, "SESSION_MOVED")],
)
def test_a_reminder_that_waits_is_withdrawn_when_its_session_changes(
    house: House, changes: Any, reason: Any
) -> None:
    early = NOON + timedelta(hours=39)
    scheduled(house, early)
    passes(house, hours=16)
    scheduled(house, changes.pop("start", early), version=2, **changes)
    passes(house, hours=5)

    assert house.messages[0]["reason"] == reason
    assert house.reached == []


def test_a_canceled_session_reminds_nobody(house: House) -> None:
    scheduled(house)
    scheduled(house, version=2, is_canceled=True)
    passes(house, days=2)

    assert house.messages == []


def test_a_moved_session_is_reminded_of_at_its_new_time(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    scheduled(house, IN_TWO_DAYS + timedelta(days=3), version=2)
    passes(house, days=3)

    said = [each["template_id"] for each in house.messages]
    assert said == ["reminder", "moved", "reminder"]
    assert len(house.reached) == 3


def test_who_books_on_the_same_day_is_not_reminded_of_the_day_before(house: House) -> None:
    scheduled(house, NOON + timedelta(hours=3))
    passes(house, hours=3)

    assert len(house.reached) == 1


def test_an_older_word_about_a_session_changes_nothing(house: House) -> None:
    scheduled(house, version=5)
    scheduled(house, NOON + timedelta(hours=30), version=4)
    passes(house, hours=23)

    assert house.messages == []


@pytest.mark.parametrize("order", list(permutations(["scheduled", "enrolled", "released"])))
def test_in_whatever_order_the_news_comes_the_newest_counts(house: House, order: Any) -> None:
    acts = {"scheduled": scheduled, "enrolled": enrolled, "released": released}
    for name in order:
        acts[name](house)
    passes(house, days=2)

    assert set(house.reached) == {"p-1@mail.example"}


def test_a_timer_that_fires_twice_reminds_once(house: House) -> None:
    scheduled(house)
    house.clock.advance(timedelta(days=1))
    (session,) = house.store.documents(PLANNED_SESSIONS)
    call = system_call(TENANT, service="notify", action="timer.session-reminders")
    for _ in range(3):
        house.notify.reminding.remind(call, session["_id"])
    house.time_passes()

    assert len(house.reached) == 1


def test_a_relay_that_slept_through_both_times_sends_one(house: House) -> None:
    scheduled(house)
    house.clock.advance(timedelta(days=2) - timedelta(minutes=10))
    passes(house, minutes=1)

    assert len(house.reached) == 1


def test_a_relay_that_slept_through_the_session_sends_none(house: House) -> None:
    scheduled(house)
    house.clock.advance(timedelta(days=3))
    passes(house, minutes=1)

    assert house.reached == []


def test_a_tenant_may_want_no_reminders() -> None:
    house = House(consent=ConsentPolicy(reminder_offsets_seconds=()))
    scheduled(house)
    passes(house, days=2)

    assert house.messages == []


offsets = st.lists(st.integers(60, 10 * DAY), unique=True, max_size=4)
starts = st.lists(st.integers(-1, 20).map(lambda days: NOON + timedelta(days=days)), min_size=1)


@given(offsets, starts, st.booleans())
def test_a_session_either_has_a_time_to_look_at_it_or_nothing_left_to_do(
    given_offsets: Any, moves: Any, is_canceled: Any
) -> None:
    session = PlannedSession("id", "s-1", NOON)
    for version, start in enumerate(moves, 1):
        last = version == len(moves)
        fact = SessionFact("s-1", start, is_canceled and last, ("p-1",))
        session.plan(fact, version, given_offsets, NOON)
        session.version = version

    looked = 0
    while session.next_remind_time is not None:
        now = session.next_remind_time
        assert NOON < now < session.start_time
        session.remind(given_offsets, now)
        looked += 1
    assert looked <= len(given_offsets)
    assert not (is_canceled and looked)


def test_a_session_survives_the_way_to_its_document_and_back() -> None:
    session = PlannedSession("id", "s-1", NOON)
    session.plan(SessionFact("s-1", IN_TWO_DAYS, False, ("p-1",)), 3, (DAY, HALF_HOUR), NOON)
    document = {**codec.planned_document(session), "_id": "id", "version": 0}

    assert codec.planned_from(document) == session


def test_a_session_of_the_release_before_is_one_that_never_moved() -> None:
    session = PlannedSession("id", "s-1", NOON)
    document = {**codec.planned_document(session), "_id": "id", "version": 0}
    del document["move_version"]

    assert codec.planned_from(document) == session
