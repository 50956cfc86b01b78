"""Whose address is it, and which key has it: addresses as keyed hashes, never in the clear."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from chassis.ids import derived_id
from chassis.store import Index, Reader, Tx
from services.notify.domain.address import Owner, address_key
from services.notify.domain.message import Channel
from services.notify.ports import Cipher

ADDRESSES, ADDRESS_KEYS = "addresses", "address_keys"
KEY_BYTES = 32

INDEXES: tuple[Index, ...] = (
    Index(ADDRESSES, [("tenant_id", 1), ("address_key", 1)]),
    Index(ADDRESSES, [("tenant_id", 1), ("owner_id", 1)]),
)


class MongoDirectory:
    """One document per owner and channel; see ports.Directory."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def key(self, tx: Tx) -> bytes:
        """The tenant's key for addresses; made at first use and kept as ciphertext."""
        tenant_id = tx.call.tenant_id
        id = derived_id(tenant_id, ADDRESS_KEYS)
        if (found := tx.find_one(ADDRESS_KEYS, {"_id": id})) is not None:
            return bytes.fromhex(self._cipher.reveal(tenant_id, bytes(found["key_ciphertext"])))
        key = secrets.token_bytes(KEY_BYTES)
        sealed = self._cipher.encrypt(tenant_id, key.hex())
        tx.insert(ADDRESS_KEYS, {"_id": id, "key_ciphertext": sealed})
        return key

    def keep(self, tx: Tx, owner: Owner, channel: Channel, address: str, *, version: int) -> None:
        """The owner is reached there, unless something newer is known; empty = no such way."""
        place = {
            "_id": derived_id(tx.call.tenant_id, ADDRESSES, owner.id, channel),
            "owner_id": owner.id,
            "is_patient": owner.is_patient,
            "patient_id": owner.patient_id,
            "channel": channel.value,
            "address_key": address_key(self.key(tx), channel, address) if address else "",
        }
        tx.take_newer(ADDRESSES, place, aggregate_version=version)

    def look_ahead(self, tx: Tx, ways: Iterable[tuple[str, Channel]]) -> None:
        """The keys of many owners' addresses are about to be asked for."""
        tx.look_ahead(ADDRESSES, (derived_id(tx.call.tenant_id, ADDRESSES, *each) for each in ways))

    def address_key(self, reader: Reader, owner_id: str, channel: Channel) -> str:
        """The key of the address at which somebody is reached; empty where there is none."""
        id = derived_id(reader.call.tenant_id, ADDRESSES, owner_id, channel)
        found = reader.find_one(ADDRESSES, {"_id": id}, fields=("address_key",))
        return str(found["address_key"]) if found else ""

    def owner(self, reader: Reader, owner_id: str) -> Owner | None:
        """Who that is; None where nobody ever said how they are reached."""
        found = reader.find_one(ADDRESSES, {"owner_id": owner_id}, fields=("is_patient",))
        return Owner(owner_id, bool(found["is_patient"])) if found else None

    def owners(self, reader: Reader, address_key: str) -> list[Owner]:
        """Everybody who is reached at the address, in the order of their ids."""
        fields = ("owner_id", "is_patient")
        found = reader.find(ADDRESSES, {"address_key": address_key}, fields=fields)
        owners = {Owner(each["owner_id"], bool(each["is_patient"])) for each in found}
        return sorted(owners, key=lambda owner: owner.id)
