"""The tenant's key for sealed minutes; made at the first seal and kept as ciphertext."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from chassis.ids import derived_id
from chassis.store import Reader, Tx
from services.sessions.domain.seal import Sign
from services.sessions.ports import Keeper

ATTENDANCE_KEYS = "attendance_keys"
KEY_BYTES = 32


class AttendanceKey:
    """Signs and checks; see ports.AttendanceSigner."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def signer(self, tx: Tx) -> Sign:
        """The tenant's signature."""
        if (known := self.checker(tx)) is not None:
            return known
        key, tenant_id = secrets.token_bytes(KEY_BYTES), tx.call.tenant_id
        sealed = self._keeper.encrypt(tenant_id, key.hex())
        tx.insert(ATTENDANCE_KEYS, {"_id": _id(tx), "key_ciphertext": sealed})
        return _signing(key)

    def checker(self, reader: Reader) -> Sign | None:
        """The same for reading; None where nothing was ever sealed."""
        found = reader.find_one(ATTENDANCE_KEYS, {"_id": _id(reader)})
        if found is None:
            return None
        tenant_id = reader.call.tenant_id
        return _signing(
            bytes.fromhex(self._keeper.reveal(tenant_id, bytes(found["key_ciphertext"])))
        )


def _id(reader: Reader) -> str:
    return derived_id(reader.call.tenant_id, ATTENDANCE_KEYS)


def _signing(key: bytes) -> Sign:
    return lambda said: hmac.new(key, said, sha256).digest()
