from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chassis.auth import keys
from chassis.auth.keys import KeySet
from chassis.errors import HavenError, Unauthenticated, Unavailable
from chassis.settings import SettingsError

from . import forge
from .forge import Key


class Monotonic:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jwks.json"


@pytest.fixture
def key_set(path: Path, clock: Monotonic) -> KeySet:
    return KeySet(path.as_uri(), monotonic=clock)


def knows(key_set: KeySet, kid: str) -> bool:
    try:
        key_set.key(kid)
    except HavenError:
        return False
    return True


def test_before_any_fetch_keys_are_unavailable(key_set: KeySet) -> None:
    key_set.refresh()
    with pytest.raises(Unavailable) as raised:
        key_set.key("one")
    assert raised.value.reason == "JWKS_UNAVAILABLE"


def test_a_key_that_is_not_listed_is_unknown(key_set: KeySet, path: Path) -> None:
    forge.publish(path, Key("one"))
    key_set.refresh()
    with pytest.raises(Unauthenticated) as raised:
        key_set.key("two")
    assert raised.value.reason == "TOKEN_KEY_UNKNOWN"


@pytest.mark.parametrize("broken", [None, "", "[]", "{}", '{"keys": 5}', "\udcff"])
def test_while_the_address_is_broken_known_keys_go_on(
    key_set: KeySet, path: Path, broken: str | None
) -> None:
    forge.publish(path, Key("one"))
    key_set.refresh()
    if broken is None:
        path.unlink()
    else:
        path.write_bytes(broken.encode("utf-8", "surrogateescape"))
    key_set.refresh()
    assert knows(key_set, "one")


def test_a_flood_of_unknown_keys_is_not_a_flood_of_fetches(
    key_set: KeySet, path: Path, clock: Monotonic
) -> None:
    for _ in range(keys.FETCHES):
        key_set.refresh()
    forge.publish(path, Key("one"))
    key_set.refresh()
    assert not knows(key_set, "one")
    clock.now += keys.FETCH_WINDOW_SECONDS
    key_set.refresh()
    assert knows(key_set, "one")


def test_keys_are_looked_at_again_after_a_while(
    key_set: KeySet, path: Path, clock: Monotonic
) -> None:
    assert not key_set.is_fresh
    forge.publish(path, Key("one"))
    key_set.refresh()
    assert key_set.is_fresh
    clock.now += keys.FRESH_SECONDS
    assert not key_set.is_fresh


def test_the_generation_grows_only_with_a_change(key_set: KeySet, path: Path) -> None:
    one = Key("one")
    forge.publish(path, one)
    key_set.refresh()
    before = key_set.generation
    key_set.refresh()
    assert key_set.generation == before
    forge.publish(path, one, Key("two"))
    key_set.refresh()
    assert key_set.generation == before + 1


def weak_entries() -> dict[str, Any]:
    small = RSAAlgorithm.to_jwk(
        rsa.generate_private_key(65537, 1024).public_key(),
        as_dict=True,
    )
    p384 = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    good = Key("good").entry
    return {
        "a shared secret": {"kty": "oct", "k": "c3dvcmRmaXNo", "alg": "HS256"},
        "a small RSA key": {**small, "alg": "RS256"},
        "an RSA key for another algorithm": {**Key("x", "RS256").entry, "alg": "RS512"},
        "an RSA key that claims HS256": {**Key("x", "RS256").entry, "alg": "HS256"},
        "another curve": {**p384, "alg": "ES384"},
        "another curve that claims ES256": {**p384, "alg": "ES256"},
        "a key for encryption": {**good, "use": "enc"},
        "a broken key": {**good, "x": "!!"},
        "no key at all": {},
    }


WEAK = weak_entries()


@pytest.mark.parametrize("case", WEAK)
def test_an_unfit_key_is_left_out_and_harms_no_other(
    key_set: KeySet, path: Path, case: str
) -> None:
    entries = [{**WEAK[case], "kid": "unfit"}, Key("one").entry, "odd", {"kty": "EC"}]
    path.write_text(json.dumps({"keys": entries}))
    key_set.refresh()
    assert knows(key_set, "one")
    assert not knows(key_set, "unfit")


@pytest.mark.parametrize(
    "uri", ["http://login.test/jwks", "ftp://login.test/jwks", "login.test/jwks", "http://"]
)
def test_keys_are_not_taken_over_an_open_line(uri: str) -> None:
    with pytest.raises(SettingsError, match="HAVEN_JWKS_URI"):
        KeySet(uri)
