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
from services.notify.domain.attempt import REPORTING, Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.gateways.providers import providers_of
from services.notify.handlers.accepting import Accepting
from services.notify.handlers.answering import Answering
from services.notify.handlers.contacts import Contacts
from services.notify.handlers.copies import Records
from services.notify.handlers.linking import Links, random_token
from services.notify.handlers.prints import KeyedPrints
from services.notify.handlers.receipts import Receipts
from services.notify.handlers.redriving import Redriving
from services.notify.handlers.sending import Sending
from services.notify.ports import Cipher, PolicyOf, Prints, Provider
from services.notify.queries import Queries
from services.notify.settings import NotifySettings
from services.notify.store import (
    MongoContactBook,
    MongoCopies,
    MongoLinkBook,
    MongoMessageBook,
    MongoPrintKeys,
)

SERVICE = "notify"


@dataclass(frozen=True)
class Notify:
    """All that notify can do, by kind of use case."""

    accepting: Accepting
    sending: Sending
    receipts: Receipts
    answering: Answering
    redriving: Redriving
    contacts: Contacts
    queries: Queries
    # Recognizes numbers; consent's rules may ask, too.
    prints: Prints
    consumers: Mapping[type[Message], Handler]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What differs between deployments beside the providers."""

    # Channels whose providers can reach this deployment's callbacks.
    reporting: frozenset[Channel] = REPORTING
    # What people reach one-time pages by; empty: no mail holds a link.
    public_url: str = ""
    jitter: Callable[[], float] = random.random
    new_token: Callable[[], str] = random_token


def bootstrap(
    *,
    store: Store,
    policy_of: PolicyOf,
    cipher: Cipher,
    providers: Mapping[Channel, Provider],
    surroundings: Surroundings | None = None,
) -> Notify:
    """The use cases over a store; tests give their own parts by name."""
    around = surroundings or Surroundings()
    book, contact_book, copies = MongoMessageBook(store), MongoContactBook(store), MongoCopies()
    link_book = MongoLinkBook(store)
    prints = KeyedPrints(store, keys=MongoPrintKeys(), cipher=cipher)
    accepting = Accepting(store, book=book, policy_of=policy_of)
    contacts = Contacts(store, contacts=contact_book, cipher=cipher, prints=prints)
    return Notify(
        accepting=accepting,
        sending=Sending(
            store,
            book=book,
            contacts=contact_book,
            copies=copies,
            links=Links(link_book, public_url=around.public_url, new_token=around.new_token),
            cipher=cipher,
            providers=providers,
            policy_of=policy_of,
            jitter=around.jitter,
            reporting=around.reporting,
        ),
        receipts=Receipts(store, book=book),
        answering=Answering(
            store, book=book, contacts=contact_book, links=link_book, prints=prints
        ),
        redriving=Redriving(store, book=book, policy_of=policy_of),
        contacts=contacts,
        queries=Queries(store, book=book, contacts=contact_book),
        prints=prints,
        consumers=_consumers(accepting, contacts, Records(store, copies=copies)),
    )


def of_process(process: Process, settings: NotifySettings) -> Notify:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    process.tenants.check(SERVICE, NotifyPolicy)
    return bootstrap(
        store=process.store,
        policy_of=_policy_of(process.tenants),
        cipher=process.cipher,
        providers=providers_of(settings),
        surroundings=Surroundings(public_url=settings.public_url),
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
        intake_pb2.PatientContactRecorded: _by(events.patient_contact, contacts.keep_patient),
        intake_pb2.ConsentRecorded: _by(events.consent_given, records.consent),
        intake_pb2.ConsentRevoked: _by(events.revocation, records.revoke),
        sessions_pb2.PatientAbsent: _by(events.nudge, accepting.nudge),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], Any]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
