"""Messages come into being: durable first, sent afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chassis.call import Call, EventOnce
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.notify.domain.commands import (
    Nudge,
    RemindOfTask,
    SendPage,
    TellOfCover,
    TellOfPerson,
    TellOfReveal,
    TellOfRoom,
    TellOfTask,
    TellOverdue,
)
from services.notify.domain.message import Message, MessageClass, Page
from services.notify.domain.template import (
    NUDGE,
    OVERDUE,
    PAGE,
    PERSON_WAITING,
    ROOM_WAITING,
    TASK,
    TemplateRef,
)
from services.notify.handlers.counting import count_accepted
from services.notify.ports import MessageBook, PolicyOf

ROOM_LIFETIME = timedelta(minutes=30)  # [D] then somebody leads the room, or it is empty
# A new message as of an instant.
MadeAt = Callable[[datetime], Message]


class Accepting:
    """One message per page, absence and escalation, however often they are asked for."""

    def __init__(self, store: Store, *, book: MessageBook, policy_of: PolicyOf) -> None:
        self._store = store
        self._book = book
        self._policy_of = policy_of

    def page(self, call: Call, command: SendPage) -> None:
        """Wake a member of staff; at once, whatever the hour, and instead of whom it replaces."""
        version = call.once.aggregate_version if isinstance(call.once, EventOnce) else 0

        def made(now: datetime, page_id: str, recipient_id: str) -> Message:
            message = self._message(
                page_message_id(call.tenant_id, page_id),
                MessageClass.CRISIS,
                recipient_id,
                template=PAGE,
                times=(now, command.expire_time),
            )
            message.page = Page(page_id, command.case_id, version, severity=command.severity)
            return message

        def change(tx: Tx) -> list[Message | None]:
            page = self._kept(tx, made(tx.now, command.page_id, command.recipient_id))
            replaced = command.replaced if page else ()
            return [page, *(self._superseded(tx, made(tx.now, *each)) for each in replaced)]

        ahead = self._book.ahead(page_message_id(call.tenant_id, command.page_id))
        count_accepted(*self._store.transact(call, change, ahead=ahead))

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

    def task(self, call: Call, command: RemindOfTask) -> None:
        """Remind a patient of something to do, without saying of what; in hours for reminders."""

        def made(now: datetime) -> Message:
            message = self._message(
                derived_id(call.tenant_id, "task", command.reminder_id),
                MessageClass.SCHEDULE,
                command.patient_id,
                template=TASK,
                times=(now, command.expire_time),
            )
            message.patient_id = command.patient_id
            return message

        self._accept(call, made)

    def staff_task(self, call: Call, command: TellOfTask) -> None:
        """Tell a member of staff that something waits, without saying what or about whom."""
        key = (call.tenant_id, "staff-task", command.task_id, str(command.number))

        def made(now: datetime) -> Message:
            return self._message(
                derived_id(*key),
                MessageClass.CLINICAL,
                command.recipient_id,
                template=TASK,
                times=(now, command.expire_time),
            )

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

    def tell_of_reveal(self, call: Call, command: TellOfReveal) -> None:
        """Tell those who watch over privacy that there is something to look at, and no more."""
        lifetime = self._policy_of(call.tenant_id).review_lifetime

        def told(tx: Tx, recipient_id: str) -> Message | None:
            message = self._message(
                derived_id(call.tenant_id, "reveal", command.alias_reveal_id, recipient_id),
                MessageClass.CLINICAL,
                recipient_id,
                template=TASK,
                times=(tx.now, command.notice_time + lifetime),
            )
            return self._kept(tx, message)

        def change(tx: Tx) -> list[Message | None]:
            return [told(tx, each) for each in command.recipient_ids]

        count_accepted(*self._store.transact(call, change))

    def tell_of_person(self, call: Call, command: TellOfPerson) -> None:
        """Tell a member of staff that somebody waits, without saying who; not after the bound."""
        key = (call.tenant_id, "person", command.person_request_id, command.recipient_id)

        def made(now: datetime) -> Message:
            return self._message(
                derived_id(*key),
                MessageClass.CLINICAL,
                command.recipient_id,
                template=PERSON_WAITING,
                times=(now, command.expire_time),
            )

        self._accept(call, made)

    def tell_of_room(self, call: Call, command: TellOfRoom) -> None:
        """Tell a member of staff that a room waits, without saying which; once per hold."""
        held = command.hold_time.isoformat()
        key = (call.tenant_id, "room", command.session_id, held, command.recipient_id)

        def made(now: datetime) -> Message:
            return self._message(
                derived_id(*key),
                MessageClass.CLINICAL,
                command.recipient_id,
                template=ROOM_WAITING,
                times=(now, command.hold_time + ROOM_LIFETIME),
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
        count_accepted(self._store.transact(call, lambda tx: self._kept(tx, made(tx.now))))

    def _kept(self, tx: Tx, message: Message) -> Message | None:
        """The message where it is a new one."""
        known = self._book.find(tx, message.id)
        return self._book.insert(tx, message) if known is None else None

    def _superseded(self, tx: Tx, page: Message) -> Message | None:
        """Let a page give way. One that is still on its way here is accepted in that form now."""
        known = self._book.find(tx, page.id)
        if known is None:
            page.supersede(tx.now)
            return self._book.insert(tx, page)
        if not known.has_ended:
            known.supersede(tx.now)
            self._book.save(tx, known)
        return None


def page_message_id(tenant_id: str, page_id: str) -> str:
    """A page has one message, however often it is asked for."""
    return derived_id(tenant_id, "page", page_id)
