"""Rooms of which others were told."""

from __future__ import annotations

from chassis.store import Document, Repository, Store, Tx
from services.crisis.codec import messages
from services.crisis.domain.held_room import HeldRoom

HELD_ROOMS = "held_rooms"


class MongoHeldRooms:
    """See ports.aftercare.HeldRoomBook."""

    def __init__(self, store: Store) -> None:
        self._rooms: Repository[HeldRoom] = Repository(
            store,
            HELD_ROOMS,
            to_document=_document,
            from_document=_from,
            to_messages=messages.message_of,
        )

    def insert(self, tx: Tx, room: HeldRoom) -> HeldRoom:
        """Keep it and publish who is told."""
        return self._rooms.insert(tx, room)


def _document(room: HeldRoom) -> Document:
    return {
        "_id": room.id,
        "session_id": room.session_id,
        "hold_time": room.hold_time,
        "recipient_ids": list(room.recipient_ids),
    }


def _from(document: Document) -> HeldRoom:
    return HeldRoom(
        document["_id"],
        document["session_id"],
        document["hold_time"],
        tuple(document["recipient_ids"]),
    )
