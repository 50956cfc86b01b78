"""One-time links, found by the hash of their tokens."""

from __future__ import annotations

from chassis.store import Index, Reader, Repository, Store, Tx
from services.notify.codec import documents, events
from services.notify.domain.link import LONGEST_TOKEN, Link, print_of

LINKS = "page_links"

INDEXES: tuple[Index, ...] = (
    # The links of one page.
    Index(LINKS, [("tenant_id", 1), ("message_id", 1)]),
)


class MongoLinkBook:
    """One document per one-time link."""

    def __init__(self, store: Store) -> None:
        self._links: Repository[Link] = Repository(
            store,
            LINKS,
            to_document=documents.link_document,
            from_document=documents.link_from,
            to_messages=events.message_of,
        )

    def find(self, reader: Reader, token: str) -> Link | None:
        """The link, if the tenant gave it out."""
        if not 0 < len(token) <= LONGEST_TOKEN:
            return None
        found = reader.find_one(LINKS, {"_id": print_of(token)})
        return documents.link_from(found) if found else None

    def insert(self, tx: Tx, link: Link) -> Link:
        """Keep a new one."""
        return self._links.insert(tx, link)

    def save(self, tx: Tx, link: Link) -> Link:
        """Keep that it was used."""
        return self._links.save(tx, link)

    def forget_of(self, tx: Tx, message_id: str) -> None:
        """Remove the links of a drill's message."""
        for each in tx.find(LINKS, {"message_id": message_id}, fields=("message_id",)):
            tx.delete(LINKS, each["_id"])
