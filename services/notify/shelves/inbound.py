"""What people wrote, kept as ciphertext."""

from __future__ import annotations

from chassis.store import Index, Reader, Repository, Store, Tx
from services.notify.codec import inbound as codec
from services.notify.codec.events import message_of
from services.notify.domain.inbound import InboundEntry

INBOUND_TEXTS = "inbound_texts"

INDEXES: tuple[Index, ...] = (
    Index(INBOUND_TEXTS, [("tenant_id", 1), ("sender_key", 1), ("create_time", -1)]),
)


class MongoInboundBook:
    """One document per text; see ports.InboundBook."""

    def __init__(self, store: Store) -> None:
        self._texts: Repository[InboundEntry] = Repository(
            store,
            INBOUND_TEXTS,
            to_document=codec.entry_document,
            from_document=codec.entry_from,
            to_messages=message_of,
        )

    def find(self, reader: Reader, inbound_id: str) -> InboundEntry | None:
        """The text, if it has come before."""
        found = self._texts.find(reader, {"_id": inbound_id}, limit=1)
        return found[0] if found else None

    def load(self, reader: Reader, inbound_id: str) -> InboundEntry:
        """The text; NotFound where the tenant has none."""
        return self._texts.load(reader, inbound_id)

    def insert(self, tx: Tx, entry: InboundEntry) -> InboundEntry:
        """Keep a new text and publish what it gives reason for."""
        return self._texts.insert(tx, entry)
