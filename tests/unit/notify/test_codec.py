"""Messages survive their document; events carry ids and codes, never words."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import resources_pb2
from haven.policy.v1 import policy_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from services.notify.codec import documents, events, names
from services.notify.codec.documents import DUE_FIELDS
from services.notify.domain import events as domain_events
from services.notify.domain.attempt import Taken
from services.notify.domain.contact import PatientContact, is_email, masked
from services.notify.domain.message import Channel, MessageClass, State
from tests.unit.notify.builders import HOLD, NOON, a_nudge, a_page, after


def tried(message: Any) -> Any:
    message.claim(Channel.EMAIL, NOON, hold=HOLD)
    message.miss(1, "PROVIDER_BUSY", again=after(seconds=2), now=after(seconds=1))
    message.claim(Channel.EMAIL, after(seconds=2), hold=HOLD)
    return message


@pytest.mark.parametrize("made", [a_page, a_nudge])
def test_a_message_survives_the_way_to_its_document_and_back(made: Any) -> None:
    message = tried(made())
    document = {**documents.message_document(message), "_id": message.id, "version": 0}

    assert documents.message_from(document) == message


def test_a_patients_contact_survives_the_way_to_its_document_and_back() -> None:
    contact = PatientContact("p-1", b"an address", b"a number", "America/New_York")

    assert documents.patient_contact_from(documents.patient_contact_document(contact)) == contact


def test_an_ended_message_waits_in_no_line() -> None:
    message = a_page()
    message.withdraw("CASE_IN_HAND", NOON)
    document = documents.message_document(message)

    assert {document[field] for field in DUE_FIELDS.values()} == {None}


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_word_on_the_wire(state: Any) -> None:
    assert names.STATE_NUMBERS[state] != resources_pb2.MESSAGE_STATE_UNSPECIFIED


def test_every_word_of_the_wire_has_its_state() -> None:
    numbers = [number for number in resources_pb2.MessageState.values() if number]

    assert sorted(names.STATE_NUMBERS.values()) == sorted(numbers)
    assert sorted(names.CLASS_NUMBERS.values()) == sorted(
        number for number in policy_pb2.MessageClass.values() if number
    )
    assert set(names.CLASS_NUMBERS) == set(MessageClass)


def test_every_event_of_the_domain_is_published() -> None:
    declared = {
        value
        for value in vars(domain_events).values()
        if isinstance(value, type) and value.__module__ == domain_events.__name__
    }

    assert set(events.PUBLISHED) == declared


def test_a_delivered_page_tells_its_ids_and_its_time() -> None:
    message = tried(a_page())
    message.take(2, Taken("smtp"), after(seconds=3))
    told: Any = events.message_of(message.events[0])

    assert (told.message_id, told.page_id, told.recipient_id) == ("m-1", "page-1", "dr-one")
    assert told.deliver_time.ToDatetime(tzinfo=NOON.tzinfo) == after(seconds=3)


def test_a_failed_page_tells_its_reason_as_a_code() -> None:
    message = a_page()
    message.fail("EXPIRED", after(minutes=5))

    told: Any = events.message_of(message.events[0])
    assert told.reason == "EXPIRED"


@pytest.mark.parametrize(
    ("read", "event"),
    [
        (events.send_page, crisis_pb2.PageRequested(case_id="c-1", recipient_id="dr-one")),
        (events.send_page, crisis_pb2.PageRequested(page_id="p", recipient_id="dr-one")),
        (events.send_page, crisis_pb2.PageRequested(page_id="p", case_id="c-1")),
        (events.nudge, sessions_pb2.PatientAbsent(session_id="s-1")),
        (events.nudge, sessions_pb2.PatientAbsent(patient_id="p-1")),
        (events.patient_contact, intake_pb2.PatientContactRecorded()),
        (events.revocation, intake_pb2.ConsentRevoked(scope="messaging")),
        (events.consent_given, intake_pb2.ConsentRecorded(scope="messaging")),
        (events.case_opened, crisis_pb2.CaseOpened()),
        (events.case_acknowledged, crisis_pb2.CaseAcknowledged()),
        (events.case_resolved, crisis_pb2.CaseResolved()),
    ],
)
def test_an_event_that_lacks_its_key_is_refused_so_that_it_is_parked_and_alarms(
    read: Any, event: Any
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read(event)

    assert refused.value.reason == "EVENT_FIELD_MISSING"


def test_only_taking_and_ending_a_case_put_it_in_somebodys_hand() -> None:
    in_hand = [
        events.case_opened(crisis_pb2.CaseOpened(case_id="c-1")).in_hand,
        events.case_acknowledged(crisis_pb2.CaseAcknowledged(case_id="c-1")).in_hand,
        events.case_acknowledged(
            crisis_pb2.CaseAcknowledged(case_id="c-1", is_hand_over=True)
        ).in_hand,
        events.case_resolved(crisis_pb2.CaseResolved(case_id="c-1")).in_hand,
    ]

    assert in_hand == [False, True, False, True]


@pytest.mark.parametrize("address", ["a@b", "first.last+tag@mail.example", "x@[127.0.0.1]"])
def test_what_can_stand_in_a_header_as_one_address_is_one(address: Any) -> None:
    assert is_email(address)


@pytest.mark.parametrize("address", ["", "@", "a@", "@b", "a b@c", "a@b@c", "a@b\n", "ü@b"])
def test_everything_else_is_not(address: Any) -> None:
    assert not is_email(address)


def test_a_masked_address_shows_one_letter() -> None:
    assert masked(Channel.EMAIL, "lee@staff.example") == "l***@***"
