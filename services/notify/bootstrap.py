"""Notify, put together: the one place that chooses implementations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.inbound import Handler
from chassis.process import Process
from chassis.store import Store
from chassis.tenants import Tenants
from services.notify.codec import events
from services.notify.domain.policy import NotifyPolicy
from services.notify.gateways.smtp import SmtpMailer, SmtpServer
from services.notify.handlers.accepting import Accepting
from services.notify.handlers.contacts import Contacts
from services.notify.handlers.copies import Records
from services.notify.handlers.sending import Sending
from services.notify.ports import Cipher, Mailer, PolicyOf
from services.notify.queries import Queries
from services.notify.settings import NotifySettings
from services.notify.store import MongoContactBook, MongoCopies, MongoMessageBook

SERVICE = "notify"


@dataclass(frozen=True)
class Notify:
    """All that notify can do, by kind of use case."""

    accepting: Accepting
    sending: Sending
    contacts: Contacts
    queries: Queries
    consumers: Mapping[type[Message], Handler]


def bootstrap(  # the parts that tests replace, by name
    *,
    store: Store,
    policy_of: PolicyOf,
    cipher: Cipher,
    mailer: Mailer,
    jitter: Callable[[], float] = random.random,
) -> Notify:
    """The use cases over a store; tests give their own parts by name."""
    book, contact_book, copies = MongoMessageBook(store), MongoContactBook(store), MongoCopies()
    accepting = Accepting(store, book=book, policy_of=policy_of)
    contacts = Contacts(store, contacts=contact_book, cipher=cipher)
    return Notify(
        accepting=accepting,
        sending=Sending(
            store,
            book=book,
            contacts=contact_book,
            copies=copies,
            cipher=cipher,
            mailer=mailer,
            policy_of=policy_of,
            jitter=jitter,
        ),
        contacts=contacts,
        queries=Queries(store, book=book, contacts=contact_book),
        consumers=_consumers(accepting, contacts, Records(store, copies=copies)),
    )


def of_process(process: Process, settings: NotifySettings) -> Notify:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    process.tenants.check(SERVICE, NotifyPolicy)
    return bootstrap(
        store=process.store,
        policy_of=_policy_of(process.tenants),
        cipher=process.cipher,
        mailer=SmtpMailer(SmtpServer.of(settings.smtp_uri.reveal())),
    )


def _policy_of(tenants: Tenants) -> PolicyOf:
    return lambda tenant_id: tenants.policy(tenant_id, SERVICE, NotifyPolicy)


def _consumers(
    accepting: Accepting, contacts: Contacts, records: Records
) -> Mapping[type[Message], Handler]:
    return {
        crisis_pb2.PageRequested: _by(events.send_page, accepting.page),
        crisis_pb2.CaseOpened: _by(events.case_opened, records.keep_case),
        crisis_pb2.CaseAcknowledged: _by(events.case_acknowledged, records.keep_case),
        crisis_pb2.CaseResolved: _by(events.case_resolved, records.keep_case),
        crisis_pb2.FollowUpMissed: _by(events.overdue, accepting.overdue),
        intake_pb2.PatientContactRecorded: _by(events.patient_contact, contacts.keep_patient),
        intake_pb2.ConsentRecorded: _by(events.consent_given, records.consent),
        intake_pb2.ConsentRevoked: _by(events.revocation, records.revoke),
        sessions_pb2.PatientAbsent: _by(events.nudge, accepting.nudge),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], Any]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
