"""Field encryption: identity, contact and location rest and travel only as a tenant's ciphertext.

pymongo's explicit client-side encryption with one data key per tenant, wrapped by a master key
that the database never holds. Nothing is decrypted by itself: `reveal` is the only way back.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bson.binary import STANDARD, UUID_SUBTYPE, Binary
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.encryption import ClientEncryption
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError
from pymongo.read_concern import ReadConcern

from chassis.errors import FailedPrecondition, Unavailable
from chassis.settings import ProcessSettings, SettingsError

KEY_VAULT = "keyvault.data_keys"
MASTER_KEY_BYTES = 96  # libmongocrypt's size for a local master key
ENCRYPTED_SUBTYPE = 6
# Random: equal texts must not be visible as equal ciphertexts.
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
# How long an opened data key serves without the KMS. The driver's own minute would let no page
# leave while the KMS is away. It is bounded because a key revoked there still opens here: revoking
# takes effect when the processes restart, or after this time.
KEY_LIFE = timedelta(hours=12)


@dataclass(frozen=True)
class KeyManagement:
    """Who wraps the data keys: a provider, its credentials, and the master key's address there."""

    provider: str
    credentials: Mapping[str, Any]
    master_key: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"KeyManagement({self.provider}, ***)"

    @classmethod
    def of(cls, settings: ProcessSettings) -> KeyManagement:
        """The KMS of the settings, or the local master key file."""
        if settings.kms_file is not None:
            return cls._of_service(settings.kms_file)
        if settings.master_key_file is None:
            raise SettingsError(["HAVEN_MASTER_KEY_FILE: required where HAVEN_KMS_FILE is not set"])
        return cls.of_file(settings.master_key_file)

    @classmethod
    def of_file(cls, path: Path) -> KeyManagement:
        """A master key of 96 raw bytes in a file."""
        try:
            key = path.read_bytes()
        except OSError as error:
            fault = f"HAVEN_MASTER_KEY_FILE: unreadable file ({type(error).__name__})"
            raise SettingsError([fault]) from error
        if len(key) != MASTER_KEY_BYTES:
            raise SettingsError([f"HAVEN_MASTER_KEY_FILE: must hold {MASTER_KEY_BYTES} raw bytes"])
        return cls("local", {"key": key})

    @classmethod
    def _of_service(cls, path: Path) -> KeyManagement:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(content["provider"], content["credentials"], content.get("master_key"))
        except (OSError, ValueError, LookupError, TypeError) as error:
            fault = f"HAVEN_KMS_FILE: unusable ({type(error).__name__})"
            raise SettingsError([fault]) from error


def make_master_key(path: Path) -> Path:
    """Write a new local master key, readable by its owner only; an existing one is kept."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(MASTER_KEY_BYTES))
    return path


class FieldCipher:
    """Encrypts texts under their tenant's key. Ciphertexts are valid in every service."""

    def __init__(
        self,
        client: MongoClient[dict[str, Any]],
        management: KeyManagement,
        *,
        key_vault: str = KEY_VAULT,
        key_life: timedelta = KEY_LIFE,
    ) -> None:
        database, _, collection = key_vault.partition(".")
        # The driver opens keys with majority reads: one found sooner would not open yet.
        self._vault = client[database].get_collection(
            collection, read_concern=ReadConcern("majority")
        )
        self._management = management
        self._encryption: ClientEncryption[Any] = ClientEncryption(
            {management.provider: management.credentials},
            key_vault,
            client,
            CodecOptions(),
            key_expiration_ms=int(key_life.total_seconds() * 1000),
        )
        self._keys: dict[str, Binary] = {}
        self._lock = threading.Lock()

    def ensure_key(self, tenant_id: str) -> None:
        """Make the tenant's key unless it exists; safe to race."""
        self._key_of(tenant_id)

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        """The text as ciphertext of the tenant; twice the same text gives two ciphertexts."""
        key = self._key_of(tenant_id)
        try:
            return bytes(self._encryption.encrypt(text, ALGORITHM, key_id=key))
        except PyMongoError as error:
            raise Unavailable("KEYS_UNAVAILABLE", "encryption keys cannot be reached") from error

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        """The text again. Only audited use cases call this; another tenant's text is refused."""
        if ciphertext[1:17] != bytes(self._key_of(tenant_id)):
            raise FailedPrecondition("CIPHERTEXT_FOREIGN", "not a ciphertext of this tenant")
        try:
            return str(self._encryption.decrypt(Binary(ciphertext, ENCRYPTED_SUBTYPE)))
        except EncryptionError as error:
            if isinstance(error.cause, PyMongoError):
                raise Unavailable("KEYS_UNAVAILABLE", "keys cannot be reached") from error
            raise FailedPrecondition("CIPHERTEXT_INVALID", "cannot be decrypted") from error

    def close(self) -> None:
        """Release the native context; the Mongo client stays the caller's."""
        self._encryption.close()

    def _key_of(self, tenant_id: str) -> Binary:
        if (known := self._keys.get(tenant_id)) is not None:
            return known
        with self._lock:
            try:
                key = self._found(tenant_id) or self._made(tenant_id)
            except EncryptionError as error:
                raise Unavailable("KEYS_UNAVAILABLE", "keys cannot be reached") from error
            except PyMongoError as error:
                # The vault is in the database: a caller is told the same as by any other query.
                raise Unavailable("STORE_UNAVAILABLE", "the database does not answer") from error
            self._keys[tenant_id] = key
            return key

    def _found(self, tenant_id: str) -> Binary | None:
        document = self._vault.find_one({"keyAltNames": tenant_id}, {"_id": 1})
        return None if document is None else _key_id(document["_id"])

    def _made(self, tenant_id: str) -> Binary:
        # The unique index decides a race between processes; the loser reads the winner's key.
        self._vault.create_index(
            "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}
        )
        try:
            return self._encryption.create_data_key(
                self._management.provider,
                master_key=self._management.master_key,
                key_alt_names=[tenant_id],
            )
        except (DuplicateKeyError, EncryptionError) as error:
            winner = self._found(tenant_id)
            if winner is None:
                raise
            del error
            return winner


def _key_id(value: Any) -> Binary:
    if isinstance(value, Binary):
        return value
    return (
        Binary.from_uuid(value, STANDARD)
        if not isinstance(value, bytes)
        else Binary(value, UUID_SUBTYPE)
    )


def fingerprint(data: bytes) -> bytes:
    """A short digest that tells whether two bodies are the same."""
    return hashlib.blake2b(data, digest_size=16).digest()
