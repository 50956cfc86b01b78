"""The tenant's keys for signing, one per purpose; made when needed first, kept as ciphertext."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from chassis.ids import derived_id
from chassis.store import Reader, Tx
from services.sessions.domain.seal import Sign
from services.sessions.ports import Keeper

ATTENDANCE_KEYS, TICKET_KEYS = "attendance_keys", "ticket_keys"
KEY_BYTES = 32
SETTLED = timedelta(minutes=1)  # no transaction lasts so long


class SigningKey:
    """Signs and checks; see ports.Signer. Its purpose is the collection that it lies in."""

    def __init__(self, keeper: Keeper, collection: str) -> None:
        self._keeper, self._collection = keeper, collection
        self._known: dict[str, Sign] = {}  # by tenant; a key that is stored never changes

    def signer(self, tx: Tx) -> Sign:
        """The tenant's signature."""
        if (known := self.checker(tx)) is not None:
            return known
        key, tenant_id = secrets.token_bytes(KEY_BYTES), tx.call.tenant_id
        sealed = self._keeper.encrypt(tenant_id, key.hex())
        tx.insert(self._collection, {"_id": self._id(tx), "key_ciphertext": sealed})
        return _signing(key)

    def checker(self, reader: Reader) -> Sign | None:
        """The same for reading; None where nothing was ever signed."""
        tenant_id = reader.call.tenant_id
        if (known := self._known.get(tenant_id)) is not None:
            return known
        found = reader.find_one(self._collection, {"_id": self._id(reader)})
        if found is None:
            return None
        key = bytes.fromhex(self._keeper.reveal(tenant_id, bytes(found["key_ciphertext"])))
        sign = _signing(key)
        if found["create_time"] < reader.now - SETTLED:  # of a transaction that may not end well
            self._known[tenant_id] = sign
        return sign

    def _id(self, reader: Reader) -> str:
        return derived_id(reader.call.tenant_id, self._collection)


def _signing(key: bytes) -> Sign:
    return lambda said: hmac.new(key, said, sha256).digest()
