"""What got stuck goes again, because a person says so."""

from __future__ import annotations

from chassis.call import Call
from chassis.store import Store, Tx
from services.notify.domain.commands import RedriveMessages, Redriven, ResendMessage
from services.notify.domain.message import Message
from services.notify.handlers.counting import count_accepted
from services.notify.ports import MessageBook, PolicyOf


class Redriving:
    """New series of attempts at messages that were parked or failed; never at pages."""

    def __init__(self, store: Store, *, book: MessageBook, policy_of: PolicyOf) -> None:
        self._store = store
        self._book = book
        self._policy_of = policy_of

    def resend(self, call: Call, command: ResendMessage) -> Message:
        """The message begins anew.

        FailedPrecondition: MESSAGE_IS_A_PAGE, MESSAGE_PERISHED, MESSAGE_NOT_STUCK.
        """

        def change(tx: Tx) -> Message:
            return self._again(tx, self._book.load(tx, command.message_id))

        message = self._store.transact(call, change)
        count_accepted(message)
        return message

    def redrive(self, call: Call, command: RedriveMessages) -> Redriven:
        """The oldest parked messages of the class begin anew, all of them or none."""

        def change(tx: Tx) -> Redriven:
            found = self._book.parked(tx, command.message_class, command.limit + 1)
            again = [self._again(tx, message) for message in found[: command.limit]]
            return Redriven(tuple(again), len(found) > command.limit)

        redriven = self._store.transact(call, change)
        count_accepted(*redriven.messages)
        return redriven

    def _again(self, tx: Tx, message: Message) -> Message:
        lifetime = self._policy_of(tx.call.tenant_id).resend_lifetime
        message.resend(tx.now, lifetime=lifetime)
        return self._book.save(tx, message)
