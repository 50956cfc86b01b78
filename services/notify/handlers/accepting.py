"""Messages come into being: durable first, sent afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chassis.call import Call, EventOnce
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.notify.domain.commands import Nudge, SendPage, TellOfCover, TellOverdue
from services.notify.domain.message import Message, MessageClass, Page
from services.notify.domain.template import NUDGE, OVERDUE, PAGE, TemplateRef
from services.notify.handlers.counting import count_accepted
from services.notify.ports import MessageBook, PolicyOf

# A new message as of an instant.
MadeAt = Callable[[datetime], Message]


class Accepting:
    """One message per page, absence and escalation, however often they are asked for."""

    def __init__(self, store: Store, *, book: MessageBook, policy_of: PolicyOf) -> None:
        self._store = store
        self._book = book
        self._policy_of = policy_of

    def page(self, call: Call, command: SendPage) -> None:
        """Wake a member of staff; at once, whatever the hour."""
        version = call.once.aggregate_version if isinstance(call.once, EventOnce) else 0

        def made(now: datetime) -> Message:
            message = self._message(
                page_message_id(call.tenant_id, command.page_id),
                MessageClass.CRISIS,
                command.recipient_id,
                template=PAGE,
                times=(now, command.expire_time),
            )
            message.page = Page(
                command.page_id, command.case_id, version, severity=command.severity
            )
            return message

        self._accept(call, made)

    def nudge(self, call: Call, command: Nudge) -> None:
        """Remind a patient of a session that has begun, without saying so."""
        lifetime = self._policy_of(call.tenant_id).nudge_lifetime

        def made(now: datetime) -> Message:
            message = self._message(
                derived_id(call.tenant_id, "absence", command.session_id, command.patient_id),
                MessageClass.CLINICAL,
                command.patient_id,
                template=NUDGE,
                times=(now, command.notice_time + lifetime),
            )
            message.patient_id = command.patient_id
            return message

        self._accept(call, made)

    def overdue(self, call: Call, command: TellOverdue) -> None:
        """Tell a member of staff that something is overdue, without saying what or for whom."""
        lifetime = self._policy_of(call.tenant_id).overdue_lifetime
        key = (call.tenant_id, "overdue", command.follow_up_id, str(command.number))

        def made(now: datetime) -> Message:
            return self._message(
                derived_id(*key),
                MessageClass.CLINICAL,
                command.recipient_id,
                template=OVERDUE,
                times=(now, command.notice_time + lifetime),
            )

        self._accept(call, made)

    def tell_of_cover(self, call: Call, command: TellOfCover) -> None:
        """Tell the supervisors that hours need somebody, or no longer do; once per notice."""
        lifetime = self._policy_of(call.tenant_id).cover_lifetime
        parts = command.template.id, command.gap_id, str(command.notice)

        def made(now: datetime) -> Message:
            return self._message(
                derived_id(call.tenant_id, *parts),
                MessageClass.CLINICAL,
                command.recipient_id,
                template=command.template,
                times=(now, now + lifetime),
            )

        self._accept(call, made)

    def _message(
        self,
        id: str,
        message_class: MessageClass,
        recipient_id: str,
        *,
        template: TemplateRef,
        times: tuple[datetime, datetime],
    ) -> Message:
        accept_time, expire_time = times
        return Message(
            id=id,
            message_class=message_class,
            recipient_id=recipient_id,
            template=template,
            accept_time=accept_time,
            expire_time=expire_time,
            next_attempt=accept_time,
            traceparent=self._store.traceparent(),
        )

    def _accept(self, call: Call, made: MadeAt) -> None:
        def change(tx: Tx) -> Message | None:
            message = made(tx.now)
            if self._book.find(tx, message.id) is not None:
                return None
            return self._book.insert(tx, message)

        count_accepted(self._store.transact(call, change))


def page_message_id(tenant_id: str, page_id: str) -> str:
    """A page has one message, however often it is asked for."""
    return derived_id(tenant_id, "page", page_id)
