"""What notify answers. Addresses are never among it."""

from __future__ import annotations

from chassis.call import Call
from chassis.store import Page, Store
from services.notify.domain.commands import ListPage
from services.notify.domain.contact import ContactPoint
from services.notify.domain.message import Message
from services.notify.ports import ContactBook, MessageBook


class Queries:
    """Messages and contact points, as staff see them."""

    def __init__(self, store: Store, *, book: MessageBook, contacts: ContactBook) -> None:
        self._store = store
        self._book = book
        self._contacts = contacts

    def message(self, call: Call, message_id: str) -> Message:
        """One message with its attempts."""
        return self._store.read(call, lambda reader: self._book.load(reader, message_id))

    def messages(self, call: Call, asked: ListPage) -> Page[Message]:
        """Messages of a recipient or of a page, newest first."""
        return self._store.read(call, lambda reader: self._book.page(reader, asked))

    def contact_points(self, call: Call, asked: ListPage) -> Page[ContactPoint]:
        """A recipient's contact points."""
        return self._store.read(call, lambda reader: self._contacts.page(reader, asked))
