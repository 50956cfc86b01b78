"""How notify keeps what decides whether a message may go, and what people wrote to it."""

from __future__ import annotations

from chassis.store import Index, Store
from services.notify.ports import Cipher
from services.notify.ports.consent import Shelves
from services.notify.shelves import directory, inbound, links, reach, reminders, wishes
from services.notify.shelves.enclosures import MongoEnclosures

INDEXES: tuple[Index, ...] = (
    *directory.INDEXES,
    *wishes.INDEXES,
    *inbound.INDEXES,
    *links.INDEXES,
    *reminders.INDEXES,
    *reach.INDEXES,
)


def open_shelves(store: Store, cipher: Cipher) -> Shelves:
    """All of them, in the service's own database."""
    return Shelves(
        directory=directory.MongoDirectory(cipher),
        wishes=wishes.MongoWishes(store),
        enclosures=MongoEnclosures(),
        inbound=inbound.MongoInboundBook(store),
        calendar=reminders.MongoCalendar(store),
        reach=reach.MongoReachBook(),
    )
