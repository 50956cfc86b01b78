"""What some messages carry, kept beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chassis.store import Document, Reader, Tx
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Channel
from services.notify.domain.wording import Language

ENCLOSURES = "enclosures"


class MongoEnclosures:
    """One document per message that carries something; see ports.Enclosures."""

    def find(self, reader: Reader, message_id: str) -> Enclosure | None:
        """The message's enclosure; most have none."""
        found = reader.find_one(ENCLOSURES, {"_id": message_id})
        if found is None:
            return None
        return Enclosure(
            message_id=message_id,
            channel=Channel(found["channel"]) if found["channel"] else None,
            address_ciphertext=bytes(found["address_ciphertext"]),
            values_ciphertext=bytes(found["values_ciphertext"]),
            language=Language(found["language"]) if found["language"] else None,
            session_id=found["session_id"],
            start_time=found["start_time"],
        )

    def look_ahead(self, tx: Tx, message_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        tx.look_ahead(ENCLOSURES, message_ids)

    def keep(self, tx: Tx, enclosures: Sequence[Enclosure]) -> None:
        """Keep them with their new messages, in one stroke."""
        tx.insert_many(ENCLOSURES, [_document(each) for each in enclosures])


def _document(enclosure: Enclosure) -> Document:
    return {
        "_id": enclosure.message_id,
        "channel": enclosure.channel.value if enclosure.channel else "",
        "address_ciphertext": enclosure.address_ciphertext,
        "values_ciphertext": enclosure.values_ciphertext,
        "language": enclosure.language.value if enclosure.language else "",
        "session_id": enclosure.session_id,
        "start_time": enclosure.start_time,
    }
