"""Providers say what became of what they took."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Store, Tx
from services.notify.domain.attempt import Receipt
from services.notify.domain.commands import NoteReceipt
from services.notify.domain.message import Message
from services.notify.handlers.counting import RECORDED, REPEATED, UNDERWAY, UNKNOWN, receipts
from services.notify.ports import MessageBook


class Receipts:
    """One effect per report, in whatever order and however often they come."""

    def __init__(self, store: Store, *, book: MessageBook) -> None:
        self._store = store
        self._book = book

    def note(self, call: Call, command: NoteReceipt) -> None:
        """Note the report on its attempt; where it did not arrive, the next channel is due now.

        NotFound where no message of the tenant can be meant: a provider may ask again.
        """
        if command.receipt is Receipt.NONE:  # still on its way
            receipts.labels(UNDERWAY).inc()
            return
        try:
            is_news = self._store.transact(call, lambda tx: self._note(tx, command))
        except NotFound:
            receipts.labels(UNKNOWN).inc()
            raise
        receipts.labels(RECORDED if is_news else REPEATED).inc()

    def _note(self, tx: Tx, command: NoteReceipt) -> bool:
        message = message_of(self._book, tx, command.message_id, command.reference)
        if not message.report(command.reference, command.receipt, tx.now):
            return False
        message.look_again(tx.now)
        self._book.save(tx, message)
        return True


def message_of(book: MessageBook, tx: Tx, message_id: str, reference: str) -> Message:
    """The message that a provider speaks of; NotFound where the tenant has none such."""
    if message_id:
        # The key under which a provider knows it may name its series, too.
        return book.load(tx, message_id.partition(".")[0])
    if (message := book.by_reference(tx, reference)) is None:
        raise NotFound("NOT_FOUND", "no such resource")
    return message
