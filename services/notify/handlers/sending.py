"""Messages leave: claimed inside a transaction, handed over outside of it, answered for inside.

Nothing outside can be exactly once. The claim is; each channel's provider sees a message at least
once, each time under the same key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from opentelemetry.trace import SpanKind

from chassis.call import Call
from chassis.errors import FailedPrecondition, HavenError, is_retryable
from chassis.store import Reader, Store, Tx
from chassis.telemetry.tracing import continued
from services.notify.domain.attempt import RECEIPT_MISSING, REPORTING, Taken
from services.notify.domain.commands import Letter
from services.notify.domain.contact import is_address
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.ladder import Pace
from services.notify.domain.message import MISSING, Channel, Message
from services.notify.domain.template import template
from services.notify.domain.wording import Language
from services.notify.handlers.counting import (
    MISSED,
    TAKEN,
    attempts,
    count_answered,
    count_end,
)
from services.notify.handlers.gate import Gate
from services.notify.handlers.linking import Links
from services.notify.handlers.ways import Addresses, Ways
from services.notify.ports import (
    Cipher,
    ContactBook,
    Copies,
    Dispatch,
    MessageBook,
    PolicyOf,
    Provider,
    Receipt,
)

# Longer than any attempt takes; after it, whoever made the attempt is taken for dead.
CLAIM = timedelta(seconds=7)


class Sending:
    """One attempt at one message at a time."""

    def __init__(  # noqa: PLR0913  # everything that decides whether and where a message goes
        self,
        store: Store,
        *,
        book: MessageBook,
        contacts: ContactBook,
        copies: Copies,
        links: Links,
        cipher: Cipher,
        providers: Mapping[Channel, Provider],
        policy_of: PolicyOf,
        jitter: Callable[[], float],
        gate: Gate,
        reporting: Collection[Channel] = REPORTING,
    ) -> None:
        """`reporting` are the channels whose providers can reach this deployment's callbacks."""
        self._store = store
        self._book = book
        self._contacts = contacts
        self._ways = Ways(contacts, served=providers)
        self._copies = copies
        self._links = links
        self._cipher = cipher
        self._providers = providers
        self._policy_of = policy_of
        self._jitter = jitter
        self._gate = gate
        self._reporting = frozenset(reporting)

    def send(self, call: Call, message_id: str) -> None:
        """Try the message if it is due and still wanted; it ends or waits with a known time."""
        token = self._links.new_token()
        claimed = self._store.transact(
            call,
            lambda tx: self._claim(tx, message_id, token),
            ahead=self._book.ahead_of_claim(message_id),
        )
        if claimed is None:
            return
        message, letter = claimed
        if letter is None:
            count_end(message)
            return
        result = self.hand_over(call, message, letter, token)
        self.conclude(call, letter, result)

    def conclude(self, call: Call, letter: Letter, result: Receipt | HavenError) -> None:
        """Answer for an attempt."""
        answered = self._store.transact(
            call,
            lambda tx: self._answer(tx, letter, result),
            ahead=self._book.ahead(letter.message_id),
        )
        count_answered(result, *answered)

    def _claim(self, tx: Tx, message_id: str, token: str) -> tuple[Message, Letter | None] | None:
        if (claimed := self.claim(tx, message_id, token)) is not None:
            self._book.save(tx, claimed[0])
        return claimed

    def _answer(self, tx: Tx, letter: Letter, result: Receipt | HavenError) -> tuple[Message, bool]:
        message, has_ended_now = self.answer(tx, letter, result)
        return self._book.save(tx, message), has_ended_now

    def save_all(self, tx: Tx, messages: Sequence[Message]) -> None:
        """Keep what was decided of them."""
        self._book.save_all(tx, messages)

    def look_ahead(self, tx: Tx, message_ids: Sequence[str]) -> None:
        """All of these are about to be claimed: read what that takes in a few strokes."""
        self._book.look_ahead(tx, message_ids)
        found = [self._book.find(tx, id) for id in message_ids]
        messages = [message for message in found if message is not None]
        patients = {message.patient_id for message in messages if message.patient_id}
        self._copies.look_ahead(tx, patients)
        self._contacts.look_ahead(tx, patients)
        self._gate.look_ahead(tx, messages)

    def look_ahead_to_answers(self, tx: Tx, message_ids: Sequence[str]) -> None:
        """All of these are about to be answered for."""
        self._book.look_ahead(tx, message_ids)

    def claim(self, tx: Tx, message_id: str, token: str) -> tuple[Message, Letter | None] | None:
        """The message with what its attempt needs; no letter where it ended or waits again.

        None where somebody else was faster. It is to be saved in the same transaction.
        """
        message = self._book.load(tx, message_id)
        if not message.is_due(tx.now):
            return None
        letter = None
        if unwanted := self._unwanted(tx, message):
            message.withdraw(unwanted, tx.now)
        else:
            letter = self._letter(tx, message, token)
        return message, letter

    def _letter(self, tx: Tx, message: Message, token: str) -> Letter | None:
        enclosure = self._gate.enclosure(tx, message)
        ways = self._ways.of(tx, message, enclosure)
        if not ways:
            _go_nowhere(message, self._ways.reason_of_none(tx, message, enclosure), tx.now)
            return None
        if (passage := self._gate.admit(tx, message, ways, enclosure)) is None:
            return None
        pace, now = self._pace(message, tx), tx.now
        channel = message.proceed(passage.channels, pace, now, closed=passage.closed)
        if channel is None:
            return None
        self._gate.note(tx, message, passage, channel)
        attempt = message.claim(channel, now, hold=CLAIM)
        if not ways[channel]:
            # A patient's contact may still be on its way.
            message.miss(attempt, MISSING, again=self._again(message, pace, now), now=now)
            message.proceed(passage.channels, pace, now, closed=passage.closed)
            return None
        if channel is Channel.EMAIL:
            self._links.keep(tx, token, message, passage.language)
        return _letter(message, ways, passage.language, enclosure)

    def hand_over(
        self, call: Call, message: Message, letter: Letter, token: str
    ) -> Receipt | HavenError:
        """The provider's receipt; else why it took nothing."""
        kind = message.message_class
        with continued(
            message.traceparent, "message.send", kind=SpanKind.CLIENT, **{"class": kind.value}
        ):
            result = self._handed_over(call, message, letter, token)
        outcome = TAKEN if isinstance(result, Receipt) else MISSED
        attempts.labels(kind, letter.channel, outcome).inc()
        return result

    def _handed_over(
        self, call: Call, message: Message, letter: Letter, token: str
    ) -> Receipt | HavenError:
        try:
            dispatch = self._dispatch(call.tenant_id, message, letter, token)
            return self._providers[letter.channel].send(dispatch)
        except HavenError as error:
            return error

    def _dispatch(self, tenant_id: str, message: Message, letter: Letter, token: str) -> Dispatch:
        policy = self._policy_of(tenant_id)
        subject, body = self._words(tenant_id, message, letter, token)
        address = self._cipher.reveal(tenant_id, letter.address_ciphertext)
        if not is_address(letter.channel, address):
            # Intake's patients, or kept by an earlier release: it was not checked here.
            raise FailedPrecondition("CONTACT_POINT_INVALID", "not one address of the channel")
        return Dispatch(
            message_id=message.key,
            tenant_id=tenant_id,
            channel=letter.channel,
            address=address,
            sender_address=policy.sender_address,
            sender_name=policy.sender_name,
            subject=subject,
            body=body,
            is_answerable=message.page is not None,
            language=letter.language,
            silent_providers=letter.silent_providers,
        )

    def _words(
        self, tenant_id: str, message: Message, letter: Letter, token: str
    ) -> tuple[str, str]:
        is_linked = letter.channel is Channel.EMAIL and message.page is not None
        link = self._links.address(tenant_id, token) if is_linked else ""
        values = {"reference": letter.reference, "link": link}
        if sealed := letter.values_ciphertext:
            values |= json.loads(self._cipher.reveal(tenant_id, sealed))
        wording = template(message.template)
        return wording.render(values, channel=letter.channel, language=letter.language)

    def answer(self, tx: Tx, letter: Letter, result: Receipt | HavenError) -> tuple[Message, bool]:
        """The message after the attempt, still to be saved, and whether that ended it."""
        message = self._book.load(tx, letter.message_id)
        had_ended, pace = message.has_ended, self._pace(message, tx)
        if isinstance(result, Receipt):
            due = self._receipt_due(letter.channel, result, pace, tx.now)
            taken = Taken(result.provider, result.reference, due)
            message.take(letter.attempt, taken, tx.now)
            channels: Sequence[Channel] = letter.channels
        else:
            again = self._again(message, pace, tx.now) if is_retryable(result) else None
            message.miss(letter.attempt, result.reason, again=again, now=tx.now)
            self._ways.note(tx, message, letter, result.reason)
            channels = [*self._ways.of(tx, message, self._gate.enclosure(tx, message))]
        message.proceed(channels, pace, tx.now)  # what may be taken is for the gate to say, then
        return message, message.has_ended and not had_ended

    def _receipt_due(
        self, channel: Channel, receipt: Receipt, pace: Pace, now: datetime
    ) -> datetime | None:
        within = pace.receipt_within.get(channel)
        if within is None or channel not in self._reporting or not receipt.reference:
            return None
        return now + within

    def _again(self, message: Message, pace: Pace, now: datetime) -> datetime:
        tries = sum(each.channel is message.attempts[-1].channel for each in message.series)
        return now + pace.plan.pause(tries, self._jitter())

    def _pace(self, message: Message, reader: Reader) -> Pace:
        policy = self._policy_of(reader.call.tenant_id)
        return policy.pace(message.message_class, is_page=message.page is not None)

    def _unwanted(self, reader: Reader, message: Message) -> str:
        """Why the message should not go any more; empty while it should."""
        page = message.page
        if page and self._copies.in_hand_since(reader, page.case_id) > page.case_version:
            return "CASE_IN_HAND"
        if message.is_superseded:
            return "SHIFT_OVER"
        if message.patient_id and self._copies.has_revoked(reader, message.patient_id):
            return "CONSENT_REVOKED"
        return self._gate.unwanted(reader, message)


def _go_nowhere(message: Message, reason: str, now: datetime) -> None:
    if message.is_with_a_provider:
        message.expire(now)  # it was reached by a way that it has no more
    else:
        message.fail(reason, now)


def _letter(
    message: Message, ways: Addresses, language: Language, enclosure: Enclosure | None
) -> Letter:
    """What the attempt that was just begun needs."""
    channel = message.attempts[-1].channel
    silent = [each for each in message.series if each.reason == RECEIPT_MISSING]
    return Letter(
        message.id,
        len(message.attempts),
        channel,
        ways[channel],
        message.page.case_id if message.page else "",
        language,
        enclosure.values_ciphertext if enclosure else b"",
        frozenset(each.provider for each in silent if each.channel is channel),
        tuple(ways),
    )
