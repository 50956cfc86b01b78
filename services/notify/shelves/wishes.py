"""What people wish, said to stop and proved; and what their telephones were sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from chassis.ids import derived_id
from chassis.store import Index, Reader, Repository, Store, Tx
from services.notify.codec import wishes as codec
from services.notify.codec.events import message_of
from services.notify.domain.address import Owner
from services.notify.domain.message import Channel
from services.notify.domain.preferences import Preferences
from services.notify.domain.verification import Verification

PREFERENCES, VERIFICATIONS = "preferences", "verifications"
STOPS, PROOFS, SENDS = "stops", "proofs", "telephone_sends"

INDEXES: tuple[Index, ...] = (
    # One set of wishes per recipient, whoever writes at the same moment.
    Index(PREFERENCES, [("tenant_id", 1), ("recipient_id", 1)], unique=True),
)


class MongoWishes:
    """See ports.Wishes."""

    def __init__(self, store: Store) -> None:
        self._preferences: Repository[Preferences] = Repository(
            store,
            PREFERENCES,
            to_document=codec.preferences_document,
            from_document=codec.preferences_from,
            to_messages=message_of,
        )
        self._verifications: Repository[Verification] = Repository(
            store,
            VERIFICATIONS,
            to_document=codec.verification_document,
            from_document=codec.verification_from,
            to_messages=message_of,
        )

    def preferences(self, reader: Reader, owner: Owner) -> Preferences:
        """What the recipient wishes; the defaults at version 0 where nothing was ever said."""
        id = derived_id(reader.call.tenant_id, PREFERENCES, owner.id)
        found = self._preferences.find(reader, {"_id": id}, limit=1)
        return found[0] if found else Preferences(id, owner.id, owner.patient_id)

    def keep_preferences(self, tx: Tx, preferences: Preferences) -> Preferences:
        """Keep new or changed wishes."""
        keep = self._preferences.save if preferences.version else self._preferences.insert
        return keep(tx, preferences)

    def is_stopped(self, reader: Reader, address_key: str) -> bool:
        """True where the number's last word was stop."""
        id = derived_id(reader.call.tenant_id, STOPS, address_key)
        found = reader.find_one(STOPS, {"_id": id})
        return bool(found and found["is_stopped"])

    def keep_stop(self, tx: Tx, address_key: str, *, is_stopped: bool, origin: str) -> bool:
        """The number's last word from now on; True where it is a new one."""
        if self.is_stopped(tx, address_key) == is_stopped:
            return False
        id = derived_id(tx.call.tenant_id, STOPS, address_key)
        word = {
            "address_key": address_key,
            "is_stopped": is_stopped,
            "origin": origin,
            "say_time": tx.now,
        }
        tx.update_one(STOPS, {"_id": id}, {"$set": word}, upsert=True)
        return True

    def verification(self, reader: Reader, owner: Owner, channel: Channel) -> Verification:
        """The recipient's proving of the channel; a new one where it never began."""
        id = derived_id(reader.call.tenant_id, VERIFICATIONS, owner.id, channel)
        found = self._verifications.find(reader, {"_id": id}, limit=1)
        return found[0] if found else Verification(id, owner.id, channel, owner.patient_id)

    def keep_verification(self, tx: Tx, verification: Verification) -> Verification:
        """Keep a started or tried verification."""
        keep = self._verifications.save if verification.version else self._verifications.insert
        return keep(tx, verification)

    def is_proved(self, reader: Reader, owner_id: str, address_key: str) -> bool:
        """True where the owner proved this very address."""
        id = derived_id(reader.call.tenant_id, PROOFS, owner_id, address_key)
        return bool(address_key) and reader.find_one(PROOFS, {"_id": id}) is not None

    def keep_proof(self, tx: Tx, owner: Owner, address_key: str) -> None:
        """The address is its owner's, for as long as it is theirs."""
        id = derived_id(tx.call.tenant_id, PROOFS, owner.id, address_key)
        proof = {"owner_id": owner.id, "address_key": address_key, "prove_time": tx.now}
        tx.update_one(PROOFS, {"_id": id}, {"$set": proof}, upsert=True)

    def look_ahead(self, tx: Tx, keys: Iterable[tuple[str, str]]) -> None:
        """All about many owners, each with an address key, is about to be asked for."""
        tenant_id, known = tx.call.tenant_id, list(keys)
        for collection in (PREFERENCES, SENDS):
            ids = {derived_id(tenant_id, collection, owner_id) for owner_id, _ in known}
            tx.look_ahead(collection, ids)
        tx.look_ahead(PROOFS, (derived_id(tenant_id, PROOFS, *each) for each in known))

    def look_ahead_to_stops(self, tx: Tx, address_keys: Iterable[str]) -> None:
        """The last words of many numbers are about to be asked for."""
        tx.look_ahead(STOPS, (derived_id(tx.call.tenant_id, STOPS, each) for each in address_keys))

    def telephone_sends(self, reader: Reader, owner_id: str) -> dict[str, datetime]:
        """When the person's telephone was last sent what, by message."""
        id = derived_id(reader.call.tenant_id, SENDS, owner_id)
        found = reader.find_one(SENDS, {"_id": id})
        return {each["message_id"]: each["time"] for each in found["sends"]} if found else {}

    def note_telephone_send(
        self, tx: Tx, owner_id: str, message_id: str, *, remembered: timedelta
    ) -> None:
        """Another one now. One document per person: of two at once, one must look again."""
        id = derived_id(tx.call.tenant_id, SENDS, owner_id)
        found = tx.find_one(SENDS, {"_id": id})
        kept = [
            each
            for each in (found["sends"] if found else [])
            if each["message_id"] != message_id and tx.now - each["time"] < remembered
        ]
        sends = [*kept, {"message_id": message_id, "time": tx.now}]
        document = {"_id": id, "owner_id": owner_id, "sends": sends}
        if found is None:
            tx.insert(SENDS, document)
        else:
            tx.replace(SENDS, document, version=found["version"])
