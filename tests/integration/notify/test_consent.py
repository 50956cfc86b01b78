"""Stops, caps, proofs and reminders where many act at the same moment, on a real database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as scheduling_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.store import Tx
from cli.servers import SmtpServer
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Channel, MessageClass
from services.notify.domain.template import NUDGE
from services.notify.domain.wish_commands import ChangeChannel, ConfirmCode, PutPreferences
from services.notify.domain.wording import Language
from services.notify.handlers.posting import Post, Posting
from services.notify.shelves import open_shelves
from services.notify.store import MongoMessageBook
from tests.integration.notify.office import TENANT, Office

ANA, STRANGER = "+15555550100", "+15555550199"


@pytest.fixture
def office(mongo_client: Any, database: Any, smtp: SmtpServer, tmp_path: Path) -> Iterator[Office]:
    made = Office(mongo_client, name=database.name, smtp_uri=smtp.uri, folder=tmp_path)
    yield made
    made.close()
    assert made.guard.violations == []


def email_of(office: Office) -> str:
    """An address that no other test uses."""
    return f"ana@{office.database.name.replace('_', '-')}.example"


def absent(office: Office) -> None:
    """p-1 does not come to a session."""
    event = sessions_pb2.PatientAbsent(session_id="s-1", patient_id="p-1")
    event.notice_time.FromDatetime(office.store.clock.now())
    office.hear(event)


def prove(office: Office, channel: Channel, *, smtp: SmtpServer) -> None:
    """p-1 asks for a code, reads their mail, and gives it back."""
    office.notify.verifying.start(office.call(), ChangeChannel("p-1", channel))
    office.send_due()
    (mail,) = smtp.mails_to(email_of(office))
    (code,) = re.findall(r"\b\d{6}\b", mail.text)
    office.notify.verifying.confirm(office.call(), ConfirmCode("p-1", channel, code))


def text_to_ana(office: Office, message_id: str) -> None:
    """A message that may go by text alone waits."""
    shelves = open_shelves(office.store, office.cipher)
    book = MongoMessageBook(office.store)
    posting = Posting(office.store, book=book, enclosures=shelves.enclosures)
    enclosure = Enclosure(
        message_id=message_id,
        channel=Channel.SMS,
        address_ciphertext=office.cipher.encrypt(TENANT, ANA),
    )

    def change(tx: Tx) -> None:
        owner, ends = Owner("p-1", is_patient=True), tx.now + timedelta(days=3)
        number = shelves.directory.address_key(tx, "p-1", Channel.SMS)
        shelves.wishes.keep_proof(tx, owner, number)
        posting.post(tx, Post(MessageClass.SCHEDULE, owner, NUDGE, ends, enclosure))

    office.store.transact(office.call(), change)


def test_one_text_handed_over_by_twenty_at_once_has_one_effect(office: Office) -> None:
    office.known("p-1", ANA)
    office.at_once([partial(office.text, "STOP, I want to die", by=ANA, id="sms-1")] * 20)

    assert len(office.rows("inbound_texts")) == 1
    assert [row["type"] for row in office.rows("outbox")] == ["haven.notify.v1.InboundRiskRaised"]


def test_ten_stops_at_once_are_confirmed_once(office: Office) -> None:
    office.at_once([partial(office.text, "STOP", by=ANA)] * 10)

    assert [each["template_id"] for each in office.rows("messages")] == ["stopped"]
    assert [each["is_stopped"] for each in office.rows("stops")] == [True]


def test_ten_texts_of_a_stranger_at_once_are_answered_once(office: Office) -> None:
    office.at_once([partial(office.text, "hello?", by=STRANGER)] * 10)

    assert [each["template_id"] for each in office.rows("messages")] == ["support"]


def test_the_first_ten_addresses_of_a_tenant_are_kept_under_one_key(office: Office) -> None:
    tell = [partial(office.known, f"p-{n}", ANA) for n in range(10)]
    office.at_once([partial(office.persist, each) for each in tell])

    assert len(office.rows("address_keys")) == 1
    keys = {each["address_key"] for each in office.rows("addresses", channel="sms")}
    assert len(keys) == 1


def test_two_texts_to_one_telephone_at_once_leave_one_for_the_next_day(office: Office) -> None:
    office.known("p-1", ANA)
    for message_id in ("m-1", "m-2"):
        text_to_ana(office, message_id)
    office.at_once([office.send_due] * 4)

    tried = [each for each in office.rows("messages") if each["attempts"]]
    (waiting,) = [each for each in office.rows("messages") if not each["attempts"]]
    assert (len(tried), waiting["state"]) == (1, "accepted")
    assert waiting["next_attempt_time"] > office.store.clock.now()
    assert tried[0]["basis"] == "HEALTH_CARE_EXEMPTION"
    assert [each.address for each in office.texts.taken] == [ANA]


def test_a_stop_that_is_kept_before_a_text_is_claimed_stops_it(office: Office) -> None:
    office.known("p-1", ANA)
    text_to_ana(office, "m-1")
    office.text("please stop texting me", by=ANA)
    office.send_due()

    (message,) = office.rows("messages", _id="m-1")
    assert (message["state"], message["reason"]) == ("withdrawn", "STOPPED")
    assert [each.body[:20] for each in office.texts.taken] == ["You will get no more"]


def test_no_word_and_no_number_rests_in_the_clear(office: Office) -> None:
    office.known("p-1", ANA, email_of(office))
    office.text("nobody would miss me", by=ANA)
    office.text("hello", by=STRANGER)

    everything = "".join(
        str(row) for name in office.database.list_collection_names() for row in office.rows(name)
    )
    for secret in ("nobody would", "hello", ANA, STRANGER, ANA[1:], STRANGER[1:], email_of(office)):
        assert secret not in everything


def test_only_a_proved_address_is_written_to(office: Office, smtp: SmtpServer) -> None:
    office.known("p-1", ANA, email_of(office))
    prove(office, Channel.EMAIL, smtp=smtp)
    absent(office)
    office.send_due()

    assert [mail.subject for mail in smtp.mails_to(email_of(office))] == [
        "Your code", "You have a new message",
    ]  # fmt: skip


def test_an_address_that_was_never_proved_gets_no_nudge(office: Office, smtp: SmtpServer) -> None:
    office.known("p-1", ANA, email_of(office))
    absent(office)
    office.send_due()

    (message,) = office.rows("messages")
    assert (message["state"], message["reason"]) == ("withdrawn", "CONTACT_POINT_UNVERIFIED")
    assert smtp.mails_to(email_of(office)) == []


def test_wishes_that_are_put_at_once_are_one_set_of_wishes(office: Office) -> None:
    office.known("p-1", ANA)

    def put(language: Language) -> None:
        command = PutPreferences("p-1", language, frozenset(), None, "")
        office.persist(lambda: office.notify.wishing.put(office.call(), command))

    office.at_once([partial(put, each) for each in list(Language) * 5])

    (preferences,) = office.rows("preferences")
    assert preferences["version"] == 10


def test_eight_relays_remind_everybody_once(office: Office) -> None:
    for n in range(3):
        office.known(f"p-{n}", ANA)
    start = office.store.clock.now() + timedelta(seconds=1_800.5)
    event = scheduling_pb2.SessionScheduled(
        session_id="s-1", group_id="g-1", patient_ids=["p-0", "p-1", "p-2"]
    )
    event.start_time.FromDatetime(start)
    office.hear(event)
    (session,) = office.rows("planned_sessions")
    # Its time has come, as far as this test is concerned.
    due = {
        "$set": {
            "next_remind_time": office.store.clock.now() - timedelta(seconds=1),
            "start_time": office.store.clock.now() + timedelta(seconds=1_000),
        }
    }
    office.database.planned_sessions.update_one({"_id": session["_id"]}, due)
    office.at_once([partial(office.remind, session["_id"])] * 8)

    assert sorted(each["recipient_id"] for each in office.rows("messages")) == ["p-0", "p-1", "p-2"]


def proved_mailbox(office: Office, patient_id: str) -> None:
    """A patient whose mail may be used."""
    office.known(patient_id, ANA, email_of(office))
    shelves = open_shelves(office.store, office.cipher)

    def change(tx: Tx) -> None:
        mailbox = shelves.directory.address_key(tx, patient_id, Channel.EMAIL)
        shelves.wishes.keep_proof(tx, Owner(patient_id, is_patient=True), mailbox)

    office.store.transact(office.call(), change)


def about_to_be_reminded(office: Office, session_id: str, patient_id: str) -> None:
    """A session whose reminder is accepted and due."""
    start = office.store.clock.now() + timedelta(seconds=1_000)
    event = scheduling_pb2.SessionScheduled(session_id=session_id, patient_ids=[patient_id])
    event.start_time.FromDatetime(start + timedelta(days=2))
    office.hear(event)
    (session,) = office.rows("planned_sessions", session_id=session_id)
    due = {"next_remind_time": office.store.clock.now() - timedelta(seconds=1)}
    office.database.planned_sessions.update_one(
        {"_id": session["_id"]}, {"$set": {**due, "start_time": start}}
    )
    office.remind(session["_id"])


def test_a_reminder_leaves_and_a_notice_follows_or_neither_does(office: Office) -> None:
    people = [f"p-{number}" for number in range(6)]
    for patient_id in people:
        proved_mailbox(office, patient_id)
        about_to_be_reminded(office, f"s-of-{patient_id}", patient_id)

    def call_off(patient_id: str) -> None:
        event = scheduling_pb2.SessionScheduled(session_id=f"s-of-{patient_id}", is_canceled=True)
        (session,) = office.rows("planned_sessions", session_id=event.session_id)
        event.start_time.FromDatetime(session["start_time"])
        office.persist(lambda: office.hear(event, version=2))

    office.at_once([office.send_due, *(partial(call_off, each) for each in people)])
    office.send_due()

    for patient_id in people:
        said = {
            each["template_id"]: each["state"]
            for each in office.rows("messages", recipient_id=patient_id)
        }
        assert said in (
            {"reminder": "withdrawn"},
            {"reminder": "delivered", "canceled": "delivered"},
        )


def test_what_waits_has_a_time_and_what_ended_has_a_reason(office: Office) -> None:
    office.known("p-1", ANA, email_of(office))
    text_to_ana(office, "m-1")
    absent(office)
    office.text("STOP", by=ANA)
    office.text("hello?", by=STRANGER)
    office.send_due()

    for message in office.rows("messages"):
        waits = message["state"] in {"accepted", "sending", "handed_over"}
        assert waits == (message["next_attempt_time"] is not None)
        assert waits or message["state"] == "delivered" or message["reason"]
