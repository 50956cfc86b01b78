"""Messages leave: claimed inside a transaction, handed over outside of it, answered for inside.

Nothing outside can be exactly once. The claim is; the provider sees a message at least once, each
time under the same id.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from opentelemetry.trace import SpanKind

from chassis.call import Call
from chassis.errors import FailedPrecondition, HavenError, is_retryable
from chassis.store import Reader, Store, Tx
from chassis.telemetry.tracing import continued
from services.notify.domain.commands import Letter
from services.notify.domain.contact import is_email
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.template import template
from services.notify.handlers.counting import MISSED, TAKEN, attempts, count_end
from services.notify.handlers.gate import Gate, Passage
from services.notify.ports import (
    Cipher,
    ContactBook,
    Copies,
    Dispatch,
    Mail,
    Mailer,
    MessageBook,
    PolicyOf,
    Provider,
)

# Longer than any attempt takes; after it, whoever made the attempt is taken for dead.
CLAIM = timedelta(seconds=7)
MISSING = "CONTACT_POINT_MISSING"


class Sending:
    """One attempt at one message at a time."""

    def __init__(  # noqa: PLR0913  # everything that decides whether and where a message goes
        self,
        store: Store,
        *,
        book: MessageBook,
        contacts: ContactBook,
        copies: Copies,
        cipher: Cipher,
        mailer: Mailer,
        policy_of: PolicyOf,
        jitter: Callable[[], float],
        gate: Gate,
        texter: Provider | None = None,
    ) -> None:
        self._store = store
        self._book = book
        self._contacts = contacts
        self._copies = copies
        self._cipher = cipher
        self._mailer = mailer
        self._policy_of = policy_of
        self._jitter = jitter
        self._gate = gate
        self._texter = texter

    def send(self, call: Call, message_id: str) -> None:
        """Try the message if it is due and still wanted; it ends or waits with a known time."""
        claimed = self._store.transact(call, lambda tx: self._claim(tx, message_id))
        if claimed is None:
            return
        message, letter = claimed
        if letter is None:
            count_end(message)
            return
        kind = message.message_class
        with continued(
            message.traceparent, "message.send", kind=SpanKind.CLIENT, **{"class": kind.value}
        ):
            failure = self._hand_over(call, message, letter)
        outcome = MISSED if failure else TAKEN
        attempts.labels(kind, letter.channel, outcome).inc()
        ended = self._store.transact(call, lambda tx: self._answer(tx, letter, failure))
        if ended is not None:
            count_end(ended)

    def _claim(self, tx: Tx, message_id: str) -> tuple[Message, Letter | None] | None:
        """The message with what its attempt needs; no letter where it ended or waits again.

        None where somebody else was faster.
        """
        message = self._book.load(tx, message_id)
        if not message.is_due(tx.now):
            return None
        letter = None
        if unwanted := self._unwanted(tx, message):
            message.withdraw(unwanted, tx.now)
        elif passage := self._gate.admit(tx, message):
            letter = self._letter(tx, message, passage)
        return self._book.save(tx, message), letter

    def _letter(self, tx: Tx, message: Message, passage: Passage) -> Letter | None:
        attempt = message.claim(passage.channel, tx.now, hold=CLAIM)
        address = passage.address_ciphertext or self._address(tx, message)
        if not address:
            # A patient's contact may still be on its way; a page has no time to wait for one.
            is_final = message.message_class is MessageClass.CRISIS
            self._miss(tx, message, attempt, MISSING, is_final=is_final)
            return None
        reference = message.page.case_id if message.page else ""
        return Letter(
            message.id,
            attempt,
            address,
            reference,
            passage.channel,
            passage.language,
            passage.values_ciphertext,
        )

    def _hand_over(self, call: Call, message: Message, letter: Letter) -> HavenError | None:
        """None once the provider took it; else why it did not."""
        try:
            subject, body = self._words(call.tenant_id, message, letter)
            address = self._cipher.reveal(call.tenant_id, letter.address_ciphertext)
            if letter.channel is Channel.EMAIL:
                self._mailer.send(self._mail(call.tenant_id, message, address, subject, body))
            else:
                self._text(call.tenant_id, message, address, body)
        except HavenError as error:
            return error
        return None

    def _words(self, tenant_id: str, message: Message, letter: Letter) -> tuple[str, str]:
        values = {"reference": letter.reference}
        if sealed := letter.values_ciphertext:
            values |= json.loads(self._cipher.reveal(tenant_id, sealed))
        wording = template(message.template)
        return wording.render(values, channel=letter.channel, language=letter.language)

    def _mail(
        self, tenant_id: str, message: Message, address: str, subject: str, body: str
    ) -> Mail:
        policy = self._policy_of(tenant_id)
        if not is_email(address):  # intake's patients: what came there was not checked here
            raise FailedPrecondition("CONTACT_POINT_INVALID", "not one e-mail address")
        return Mail(
            message_id=message.id,
            sender_address=policy.sender_address,
            sender_name=policy.sender_name,
            recipient_address=address,
            subject=subject,
            body=body,
        )

    def _text(self, tenant_id: str, message: Message, address: str, body: str) -> None:
        if self._texter is None:
            raise FailedPrecondition("CHANNEL_UNAVAILABLE", "no provider for this channel")
        policy = self._policy_of(tenant_id)
        dispatch = Dispatch(
            message_id=message.id,
            tenant_id=tenant_id,
            channel=Channel.SMS,
            address=address,
            sender_address=policy.sender_address,
            sender_name=policy.sender_name,
            subject="",
            body=body,
        )
        self._texter.send(dispatch)

    def _answer(self, tx: Tx, letter: Letter, failure: HavenError | None) -> Message | None:
        """The message after the attempt; None where it had ended meanwhile."""
        message = self._book.load(tx, letter.message_id)
        if message.has_ended:
            return None
        if failure is None:
            message.take(tx.now)
        else:
            is_final = not is_retryable(failure)
            self._miss(tx, message, letter.attempt, failure.reason, is_final=is_final)
        return self._book.save(tx, message)

    def _miss(self, tx: Tx, message: Message, attempt: int, reason: str, *, is_final: bool) -> None:
        message.miss(
            attempt,
            reason,
            is_final=is_final,
            plan=self._policy_of(tx.call.tenant_id).retry_plan(message.message_class),
            jitter=self._jitter(),
            now=tx.now,
        )

    def _unwanted(self, reader: Reader, message: Message) -> str:
        """Why the message should not go any more; empty while it should."""
        page = message.page
        if page and self._copies.in_hand_since(reader, page.case_id) > page.case_version:
            return "CASE_IN_HAND"
        if message.patient_id and self._copies.has_revoked(reader, message.patient_id):
            return "CONSENT_REVOKED"
        return self._gate.unwanted(reader, message)

    def _address(self, reader: Reader, message: Message) -> bytes:
        if message.patient_id:
            contact = self._contacts.patient(reader, message.patient_id)
            return contact.email_ciphertext if contact else b""
        point = self._contacts.contact_point(reader, message.recipient_id, Channel.EMAIL)
        return point.address_ciphertext if point else b""
