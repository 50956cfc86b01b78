"""Field encryption on a real MongoDB."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.crypto import KEY_LIFE, FieldCipher, KeyManagement, fingerprint, make_master_key
from chassis.errors import FailedPrecondition, Unavailable
from chassis.settings import SettingsError
from tests.waiting import eventually

PLAIN = "Ana Petrova, 12 Elm Street"
Make = Callable[[], FieldCipher]


@pytest.fixture
def master_key(tmp_path: Path) -> Path:
    return make_master_key(tmp_path / "master.key")


@pytest.fixture
def make(database: Database[dict[str, Any]], master_key: Path) -> Iterator[Make]:
    """Ciphers of several processes over one key vault."""
    made: list[FieldCipher] = []

    def cipher() -> FieldCipher:
        management = KeyManagement.of_file(master_key)
        client: MongoClient[dict[str, Any]] = database.client
        made.append(FieldCipher(client, management, key_vault=f"{database.name}.data_keys"))
        return made[-1]

    yield cipher
    for each in made:
        each.close()


def test_what_one_process_encrypts_another_reveals(make: Make) -> None:
    assert make().reveal("alpha", make().encrypt("alpha", PLAIN)) == PLAIN


def test_equal_texts_are_not_equal_ciphertexts(make: Make) -> None:
    cipher = make()
    first, second = cipher.encrypt("alpha", PLAIN), cipher.encrypt("alpha", PLAIN)
    assert first != second
    assert b"Petrova" not in first


def test_an_empty_text_is_a_text(make: Make) -> None:
    cipher = make()
    assert cipher.reveal("alpha", cipher.encrypt("alpha", "")) == ""


def test_one_tenant_never_reveals_another_s(make: Make) -> None:
    cipher = make()
    with pytest.raises(FailedPrecondition) as raised:
        cipher.reveal("beta", cipher.encrypt("alpha", PLAIN))
    assert raised.value.reason == "CIPHERTEXT_FOREIGN"


@pytest.mark.parametrize("part", [slice(0, 30), slice(0, -1), slice(0, 0)])
def test_a_damaged_ciphertext_is_refused(make: Make, part: slice) -> None:
    cipher = make()
    with pytest.raises(FailedPrecondition):
        cipher.reveal("alpha", cipher.encrypt("alpha", PLAIN)[part])


def test_a_changed_ciphertext_is_refused(make: Make) -> None:
    cipher = make()
    changed = bytearray(cipher.encrypt("alpha", PLAIN))
    changed[40] ^= 1
    with pytest.raises(FailedPrecondition) as raised:
        cipher.reveal("alpha", bytes(changed))
    assert raised.value.reason == "CIPHERTEXT_INVALID"


def test_racing_processes_make_one_key(make: Make, database: Database[dict[str, Any]]) -> None:
    ciphers = [make() for _ in range(8)]
    tenants = [f"tenant-{number}" for number in range(20)]
    for tenant in tenants:
        with ThreadPoolExecutor(8) as pool:
            texts = list(
                pool.map(partial(FieldCipher.encrypt, tenant_id=tenant, text=PLAIN), ciphers)
            )
        assert {ciphers[0].reveal(tenant, text) for text in texts} == {PLAIN}
    assert database["data_keys"].count_documents({}) == len(tenants)


def test_a_key_at_rest_is_wrapped(make: Make, database: Database[dict[str, Any]]) -> None:
    make().ensure_key("alpha")
    document = database["data_keys"].find_one({"keyAltNames": "alpha"})
    assert document is not None
    assert document["masterKey"] == {"provider": "local"}
    assert len(document["keyMaterial"]) > 96


def test_another_master_key_reveals_nothing(
    make: Make, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    secret = make().encrypt("alpha", PLAIN)
    other = KeyManagement.of_file(make_master_key(tmp_path / "other.key"))
    stranger = FieldCipher(database.client, other, key_vault=f"{database.name}.data_keys")
    with pytest.raises((FailedPrecondition, Unavailable)):
        stranger.reveal("alpha", secret)
    stranger.close()


def test_with_the_vault_away_a_caller_hears_the_same_as_of_the_database(master_key: Path) -> None:
    nowhere: MongoClient[dict[str, Any]] = MongoClient(
        "mongodb://127.0.0.1:1/", serverSelectionTimeoutMS=200
    )
    cipher = FieldCipher(nowhere, KeyManagement.of_file(master_key))
    with pytest.raises(Unavailable) as raised:
        cipher.encrypt("alpha", PLAIN)
    assert raised.value.reason == "STORE_UNAVAILABLE"
    cipher.close()
    nowhere.close()


@pytest.mark.parametrize(
    ("life", "goes_on"), [(KEY_LIFE, True), (timedelta(milliseconds=1), False)]
)
def test_an_opened_key_goes_on_without_its_keeper_for_its_life(
    database: Database[dict[str, Any]], master_key: Path, life: timedelta, goes_on: bool
) -> None:
    cipher = FieldCipher(
        database.client,
        KeyManagement.of_file(master_key),
        key_vault=f"{database.name}.data_keys",
        key_life=life,
    )
    secret = cipher.encrypt("alpha", PLAIN)
    database["data_keys"].drop()
    eventually(lambda: _is_revealed(cipher, secret) is goes_on, within=5)
    cipher.close()


def test_an_opened_key_lives_through_a_night_and_not_for_ever() -> None:
    assert timedelta(hours=8) <= KEY_LIFE <= timedelta(hours=24)


def test_a_master_key_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.key"
    path.write_bytes(b"x" * 32)
    with pytest.raises(SettingsError, match="96 raw bytes"):
        KeyManagement.of_file(path)


def test_a_master_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = make_master_key(tmp_path / "deep" / "master.key")
    before = path.read_bytes()
    assert make_master_key(path).read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_key_management_does_not_show_itself(master_key: Path) -> None:
    assert repr(KeyManagement.of_file(master_key)) == "KeyManagement(local, ***)"


def test_fingerprints_tell_bodies_apart() -> None:
    assert fingerprint(b"a") == fingerprint(b"a") != fingerprint(b"b")


def _is_revealed(cipher: FieldCipher, secret: bytes) -> bool:
    try:
        return cipher.reveal("alpha", secret) == PLAIN
    except (FailedPrecondition, Unavailable):
        return False


WORKER = """
import eventlet; eventlet.monkey_patch()
import sys
from pathlib import Path
from pymongo import MongoClient
from chassis.crypto import FieldCipher, KeyManagement
uri, database, key = sys.argv[1:]
client = MongoClient(uri)
cipher = FieldCipher(client, KeyManagement.of_file(Path(key)), key_vault=f"{database}.data_keys")
pool = eventlet.GreenPool(20)
texts = list(pool.imap(lambda n: cipher.encrypt(f"tenant-{n % 3}", str(n)), range(60)))
shown = list(pool.imap(lambda n: cipher.reveal(f"tenant-{n % 3}", texts[n]), range(60)))
assert shown == [str(n) for n in range(60)]
assert client[database]["data_keys"].count_documents({}) == 3
assert "grpc" not in sys.modules
print("revealed")
"""


def test_it_works_in_a_worker(
    mongodb_uri: str, database: Database[dict[str, Any]], master_key: Path
) -> None:
    arguments = [sys.executable, "-W", "ignore", "-c", WORKER, mongodb_uri, database.name]
    done = subprocess.run(
        [*arguments, str(master_key)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "revealed\n", done.stderr
