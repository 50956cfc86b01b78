"""Each class of messages has its own line: a morning of one holds up nothing of another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as scheduling_pb2

from chassis.store import Tx
from cli.servers import SmtpServer
from services.notify.bootstrap import bootstrap
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel, MessageClass
from services.notify.domain.policy import NotifyPolicy
from services.notify.domain.template import REMINDER
from services.notify.handlers.posting import Post, Posting
from services.notify.ports import Dispatch, Receipt
from services.notify.shelves import open_shelves
from services.notify.store import MESSAGES, MongoMessageBook
from services.notify.timers import due_work
from tests.due import RunningTimers
from tests.integration.notify.office import ALL_DAY, TENANT, Office
from tests.waiting import eventually

REMINDERS, AT_ONCE = 1000, 100
STRANGER = "+15555550199"


class HeldMail:
    """A mail server that keeps everybody waiting until the test is over."""

    name = "held"

    def __init__(self) -> None:
        self.asked, self._over = threading.Semaphore(0), threading.Event()

    def send(self, dispatch: Dispatch) -> Receipt:
        """Wait, then take it."""
        del dispatch
        self.asked.release()
        self._over.wait(60)
        return Receipt(self.name)

    def let_go(self) -> None:
        """Take what waits."""
        self._over.set()


@pytest.fixture
def office(mongo_client: Any, database: Any, smtp: SmtpServer, tmp_path: Path) -> Iterator[Office]:
    made = Office(mongo_client, name=database.name, smtp_uri=smtp.uri, folder=tmp_path)
    yield made
    made.close()


def many_reminders_are_due(office: Office) -> None:
    """The morning's reminders, accepted and due before anything else."""
    shelves, book = open_shelves(office.store, office.cipher), MongoMessageBook(office.store)
    posting = Posting(office.store, book=book, enclosures=shelves.enclosures)
    owner = Owner("p-1", is_patient=True)
    office.known("p-1", "+15555550100", "ana@mail.example")
    start = office.store.clock.now().replace(microsecond=0) + timedelta(hours=2)
    session = scheduling_pb2.SessionScheduled(session_id="s-1", patient_ids=["p-1"])
    session.start_time.FromDatetime(start)
    office.hear(session)

    def change(tx: Tx, first: int) -> None:
        mailbox = shelves.directory.address_key(tx, "p-1", Channel.EMAIL)
        shelves.wishes.keep_proof(tx, owner, mailbox)
        for number in range(first, first + AT_ONCE):
            enclosure = Enclosure(message_id=f"r-{number}", session_id="s-1", start_time=start)
            posting.post(tx, Post(MessageClass.SCHEDULE, owner, REMINDER, start, enclosure))

    for first in range(0, REMINDERS, AT_ONCE):
        office.store.transact(office.call(), lambda tx, first=first: change(tx, first))


def test_a_thousand_due_reminders_do_not_hold_up_the_answer_to_a_stranger(office: Office) -> None:
    mail = HeldMail()
    policy = NotifyPolicy(consent=ALL_DAY)
    notify = bootstrap(
        store=office.store,
        policy_of=lambda _: policy,
        cipher=office.cipher,
        providers={Channel.EMAIL: mail, Channel.SMS: office.texts},
    )
    many_reminders_are_due(office)
    relay = RunningTimers(office.store, due_work(notify))
    relay.start()
    try:
        assert mail.asked.acquire(timeout=20), "the reminders are on their way"
        office.persist(
            lambda: notify.inbound.take(
                office.call(), InboundText("twilio", "in-1", STRANGER, "hello?")
            )
        )

        eventually(lambda: office.texts.taken, within=20)
        (answer,) = office.texts.taken
        assert "988" in answer.body
        waiting = {"tenant_id": TENANT, "message_class": "schedule", "end_time": None}
        assert office.database[MESSAGES].count_documents(waiting) == REMINDERS
    finally:
        mail.let_go()
        relay.stop()
