"""Recognizing a number without knowing it: a keyed print, the key itself only as ciphertext."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

from chassis.call import system_call
from chassis.store import Store, Tx
from services.notify.ports import Cipher, PrintKeys

KEY_BYTES = 32


class KeyedPrints:
    """Prints under a key per tenant, made at first use. A print without the key says nothing:
    numbers are few enough to be tried out, but not without it."""

    def __init__(self, store: Store, *, keys: PrintKeys, cipher: Cipher) -> None:
        self._store, self._keys, self._cipher = store, keys, cipher
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def of(self, tenant_id: str, address: str) -> str:
        """The same for the same address of the tenant, in every process."""
        key = self._key(tenant_id)
        return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()

    def _key(self, tenant_id: str) -> bytes:
        with self._lock:
            if tenant_id not in self._known:
                self._known[tenant_id] = self._opened(tenant_id)
            return self._known[tenant_id]

    def _opened(self, tenant_id: str) -> bytes:
        made = self._cipher.encrypt(tenant_id, secrets.token_hex(KEY_BYTES))

        def change(tx: Tx) -> bytes:
            # Of two processes that make one at once the second runs again and finds the first's.
            if (known := self._keys.find(tx)) is not None:
                return known
            self._keys.insert(tx, made)
            return made

        call = system_call(tenant_id, service=self._store.service, action="")
        ciphertext = self._store.transact(call, change)
        return bytes.fromhex(self._cipher.reveal(tenant_id, ciphertext))
