"""Notify, put together: the one place that chooses implementations."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.scheduling.v1 import events_pb2 as scheduling_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.errors import NotFound
from chassis.inbound import Handler
from chassis.process import Process
from chassis.settings import SettingsError
from chassis.store import Store
from chassis.tenants import Tenants
from services.notify.codec import events, reminders
from services.notify.domain.address import normal_number
from services.notify.domain.attempt import REPORTING, Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.gateways.providers import providers_of
from services.notify.handlers.accepting import Accepting
from services.notify.handlers.consent import Consent
from services.notify.handlers.contacts import Contacts
from services.notify.handlers.copies import Records
from services.notify.handlers.forgetting import Forgetting
from services.notify.handlers.gate import Gate
from services.notify.handlers.inbound import Inbound
from services.notify.handlers.linking import Links, random_token
from services.notify.handlers.page_answers import PageAnswers
from services.notify.handlers.reaching import Reaching
from services.notify.handlers.receipts import Receipts
from services.notify.handlers.redriving import Redriving
from services.notify.handlers.reminding import Reminding
from services.notify.handlers.sending import Sending
from services.notify.handlers.sending_together import SendingTogether
from services.notify.handlers.verifying import Verifying
from services.notify.handlers.wishing import Wishing
from services.notify.ports import Cipher, PolicyOf, Provider
from services.notify.ports.consent import Shelves
from services.notify.queries import Queries
from services.notify.settings import NotifySettings
from services.notify.shelves import open_shelves
from services.notify.shelves.links import MongoLinkBook
from services.notify.store import MongoContactBook, MongoCopies, MongoMessageBook

SERVICE = "notify"


@dataclass(frozen=True)
class Notify:
    """All that notify can do, by kind of use case."""

    accepting: Accepting
    sending: Sending
    sending_together: SendingTogether
    receipts: Receipts
    page_answers: PageAnswers
    redriving: Redriving
    contacts: Contacts
    queries: Queries
    wishing: Wishing
    verifying: Verifying
    inbound: Inbound
    reminding: Reminding
    reaching: Reaching
    consumers: Mapping[type[Message], Handler]
    # Which tenant people write to at a number; raises NotFound("NUMBER_UNKNOWN").
    tenant_of_number: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What differs between deployments beside the providers."""

    # Channels whose providers can reach this deployment's callbacks.
    reporting: frozenset[Channel] = REPORTING
    # What people reach one-time pages by; empty: no mail holds a link.
    public_url: str = ""
    jitter: Callable[[], float] = random.random
    new_token: Callable[[], str] = random_token
    # The tenant of each number to which people may text.
    receiving_numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What the use cases stand on."""

    store: Store
    policy_of: PolicyOf
    cipher: Cipher
    book: MongoMessageBook
    contacts: MongoContactBook
    copies: MongoCopies
    links: MongoLinkBook
    shelves: Shelves
    page_answers: PageAnswers


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
    book, link_book, copies = MongoMessageBook(store), MongoLinkBook(store), MongoCopies()
    parts = _Parts(
        store=store,
        policy_of=policy_of,
        cipher=cipher,
        book=book,
        contacts=MongoContactBook(store),
        copies=copies,
        links=link_book,
        shelves=open_shelves(store, cipher),
        page_answers=PageAnswers(store, book=book, links=link_book, copies=copies),
    )
    return _assembled(parts, _consent(parts), providers, around)


def _assembled(
    parts: _Parts, consent: Consent, providers: Mapping[Channel, Provider], around: Surroundings
) -> Notify:
    store, book = parts.store, parts.book
    accepting = Accepting(store, book=book, policy_of=parts.policy_of)
    contacts = Contacts(store, parts.shelves, contacts=parts.contacts, cipher=parts.cipher)
    records = Records(store, copies=parts.copies)
    forgetting = Forgetting(store, book=book, links=parts.links, copies=parts.copies)
    sending = _sending(parts, consent.gate, providers, around)
    return Notify(
        accepting=accepting,
        sending=sending,
        sending_together=SendingTogether(store, sending),
        receipts=Receipts(store, book=book),
        page_answers=parts.page_answers,
        redriving=Redriving(store, book=book, policy_of=parts.policy_of),
        contacts=contacts,
        queries=Queries(
            store,
            book=book,
            contacts=parts.contacts,
            texts=parts.shelves.inbound,
            cipher=parts.cipher,
        ),
        wishing=consent.wishing,
        verifying=consent.verifying,
        inbound=consent.inbound,
        reminding=consent.reminding,
        reaching=_reaching(parts, consent.gate, providers),
        consumers={
            **_consumers(accepting, contacts, records, consent.reminding),
            crisis_pb2.DrillForgotten: _by(events.forget_drill, forgetting.drill),
        },
        tenant_of_number=_tenant_of(around.receiving_numbers),
    )


def _reaching(parts: _Parts, gate: Gate, served: Collection[Channel]) -> Reaching:
    return Reaching(
        parts.store,
        parts.shelves,
        contacts=parts.contacts,
        gate=gate,
        served=served,
        policy_of=parts.policy_of,
    )


def _consent(parts: _Parts) -> Consent:
    return Consent.over(
        parts.store,
        parts.shelves,
        contacts=parts.contacts,
        book=parts.book,
        cipher=parts.cipher,
        policy_of=parts.policy_of,
        page_answers=parts.page_answers,
    )


def _sending(
    parts: _Parts, gate: Gate, providers: Mapping[Channel, Provider], around: Surroundings
) -> Sending:
    return Sending(
        parts.store,
        book=parts.book,
        contacts=parts.contacts,
        copies=parts.copies,
        links=Links(parts.links, public_url=around.public_url, new_token=around.new_token),
        cipher=parts.cipher,
        providers=providers,
        policy_of=parts.policy_of,
        jitter=around.jitter,
        gate=gate,
        reporting=around.reporting,
    )


def of_process(process: Process, settings: NotifySettings) -> Notify:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    process.tenants.check(SERVICE, NotifyPolicy)
    return bootstrap(
        store=process.store,
        policy_of=_policy_of(process.tenants),
        cipher=process.cipher,
        providers=providers_of(settings),
        surroundings=Surroundings(
            public_url=settings.public_url, receiving_numbers=_numbers(process.tenants)
        ),
    )


def _numbers(tenants: Tenants) -> Mapping[str, str]:
    """Each number to which people may text, and whose it is; SettingsError where two share one."""
    found: dict[str, str] = {}
    for tenant_id in sorted(tenants.ids):
        policy = tenants.policy(tenant_id, SERVICE, NotifyPolicy)
        for number in policy.consent.receiving_numbers:
            if number in found:
                raise SettingsError([f"tenants.{tenant_id}: a receiving number of two tenants"])
            found[number] = tenant_id
    return found


def _tenant_of(numbers: Mapping[str, str]) -> Callable[[str], str]:
    """Which tenant people write to at a number; the function raises NotFound("NUMBER_UNKNOWN")."""

    def tenant_of(number: str) -> str:
        if (tenant_id := numbers.get(normal_number(number))) is None:
            raise NotFound("NUMBER_UNKNOWN", "no tenant receives texts at this number")
        return tenant_id

    return tenant_of


def _policy_of(tenants: Tenants) -> PolicyOf:
    return lambda tenant_id: tenants.policy(tenant_id, SERVICE, NotifyPolicy)


def _consumers(
    accepting: Accepting, contacts: Contacts, records: Records, reminding: Reminding
) -> Mapping[type[Message], Handler]:
    return {
        crisis_pb2.PageRequested: _by(events.send_page, accepting.page),
        crisis_pb2.CoverageGapFound: _by(events.cover_gap_found, accepting.tell_of_cover),
        crisis_pb2.CoverageGapClosed: _by(events.cover_gap_closed, accepting.tell_of_cover),
        crisis_pb2.CaseOpened: _by(events.case_opened, records.keep_case),
        crisis_pb2.CaseAcknowledged: _by(events.case_acknowledged, records.keep_case),
        crisis_pb2.CaseResolved: _by(events.case_resolved, records.keep_case),
        crisis_pb2.PersonRequested: _by(events.person_requested, accepting.tell_of_person),
        crisis_pb2.RoomCoverRequested: _by(events.room_cover, accepting.tell_of_room),
        crisis_pb2.FollowUpMissed: _by(events.overdue, accepting.overdue),
        intake_pb2.PatientContactRecorded: _by(events.patient_contact, contacts.keep_patient),
        intake_pb2.AliasRevealed: _by(events.alias_revealed, accepting.tell_of_reveal),
        intake_pb2.ConsentRecorded: _by(events.consent_given, records.consent),
        intake_pb2.ConsentRevoked: _by(events.revocation, records.revoke),
        sessions_pb2.PatientAbsent: _by(events.nudge, accepting.nudge),
        sessions_pb2.AssignmentReminderRequested: _by(events.task_reminder, accepting.task),
        sessions_pb2.BoardReportOpened: _by(events.board_report_opened, accepting.staff_task),
        sessions_pb2.BoardReportMissed: _by(events.board_report_missed, accepting.overdue),
        scheduling_pb2.SessionScheduled: _by(reminders.session_of, reminding.schedule),
        scheduling_pb2.SeriesEnrolled: _by(reminders.seats_given, reminding.change_seats),
        scheduling_pb2.SeatReleased: _by(reminders.seats_released, reminding.change_seats),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], Any]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
