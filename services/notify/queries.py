"""What notify answers. Addresses are never among it."""

from __future__ import annotations

from typing import TypeVar

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Page, Store
from services.notify.domain.commands import ListPage
from services.notify.domain.contact import ContactPoint
from services.notify.domain.message import Message
from services.notify.ports import ContactBook, MessageBook

T = TypeVar("T")


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
        """Messages of a recipient or of a page, newest first; NotFound where there was none."""
        return self._store.read(call, lambda reader: _known(self._book.page(reader, asked), asked))

    def contact_points(self, call: Call, asked: ListPage) -> Page[ContactPoint]:
        """A recipient's contact points; NotFound where nobody ever said one."""
        return self._store.read(
            call, lambda reader: _known(self._contacts.page(reader, asked), asked)
        )


def _known(page: Page[T], asked: ListPage) -> Page[T]:
    if not page.items and not asked.page_token:
        raise NotFound("NOT_FOUND", "no such resource")
    return page
