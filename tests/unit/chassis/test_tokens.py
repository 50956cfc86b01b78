from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.auth import tokens
from chassis.auth.keys import KeySet
from chassis.auth.tokens import Verifier
from chassis.call import Role
from chassis.errors import HavenError, Kind, Unauthenticated

from . import forge
from .forge import Key

KEY, RSA_KEY, FOREIGN = Key("one"), Key("two", "RS256"), Key("one")


class Clock:
    """Seconds since the epoch, as the verifier reads them."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(tmp_path: Path, clock: Clock) -> Verifier:
    keys = KeySet(forge.publish(tmp_path / "jwks.json", KEY, RSA_KEY))
    return Verifier(keys, issuer=forge.ISSUER, audience=forge.AUDIENCE, now=clock)


def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(HavenError) as raised:
        verifier.verify(token)
    assert raised.value.kind is Kind.UNAUTHENTICATED
    return raised.value.reason


@pytest.mark.parametrize("key", [KEY, RSA_KEY], ids=["ES256", "RS256"])
def test_a_good_token_gives_tenant_subject_and_roles(verifier: Verifier, key: Key) -> None:
    identity = verifier.verify(key.token(roles=["clinician", "privacy_officer"]))
    assert identity.tenant_id == "alpha"
    assert identity.actor.subject == forge.SUBJECT
    assert identity.actor.roles == {Role.CLINICIAN, Role.PRIVACY_OFFICER}


NOW = int(time.time())
BAD: dict[str, tuple[str, str]] = {
    "none at all": ("", "TOKEN_MISSING"),
    "not a token": ("swordfish", "TOKEN_MALFORMED"),
    "two parts": ("a.b", "TOKEN_MALFORMED"),
    "a header that is a list": ("W10.e30.", "TOKEN_MALFORMED"),
    "a header of endless depth": (
        forge._encoded(b"[" * 5000) + ".e30.",
        "TOKEN_MALFORMED",
    ),
    "too long": ("a" * 9000, "TOKEN_MALFORMED"),
    "expired": (KEY.token(exp=NOW - 60), "TOKEN_EXPIRED"),
    "not yet valid": (KEY.token(nbf=NOW + 600), "TOKEN_NOT_YET_VALID"),
    "issued in the future": (KEY.token(iat=NOW + 600), "TOKEN_NOT_YET_VALID"),
    "alg none": (forge.unsigned({"alg": "none", "kid": "one"}), "TOKEN_ALGORITHM_REFUSED"),
    "alg nOnE": (forge.unsigned({"alg": "nOnE", "kid": "one"}), "TOKEN_ALGORITHM_REFUSED"),
    "no alg": (forge.unsigned({"kid": "one"}), "TOKEN_ALGORITHM_REFUSED"),
    "HS256 with the public key": (
        forge.hmac_signed(RSA_KEY.public_pem, {"alg": "HS256", "kid": "two"}),
        "TOKEN_ALGORITHM_REFUSED",
    ),
    "HS256 that says ES256": (
        forge.hmac_signed(KEY.public_pem, {"alg": "ES256", "kid": "one"}),
        "TOKEN_SIGNATURE_INVALID",
    ),
    "the key of another algorithm": (
        forge.unsigned({"alg": "RS256", "kid": "one"}) + "AAAA",
        "TOKEN_ALGORITHM_REFUSED",
    ),
    "unsigned": (forge.unsigned({"alg": "ES256", "kid": "one"}), "TOKEN_SIGNATURE_INVALID"),
    "signed by a foreign key of the same name": (FOREIGN.token(), "TOKEN_SIGNATURE_INVALID"),
    "changed after signing": (
        KEY.token()[:-4] + ("AAAA" if KEY.token()[-4:] != "AAAA" else "BBBB"),
        "TOKEN_SIGNATURE_INVALID",
    ),
    "unknown key": (KEY.token(kid="three"), "TOKEN_KEY_UNKNOWN"),
    "no key named": (KEY.token(kid=""), "TOKEN_KEY_UNKNOWN"),
    "wrong issuer": (KEY.token(iss="https://evil.test"), "TOKEN_ISSUER_WRONG"),
    "wrong audience": (KEY.token(aud="billing"), "TOKEN_AUDIENCE_WRONG"),
    "no issuer": (KEY.token(omit=("iss",)), "TOKEN_CLAIMS_MISSING"),
    "no audience": (KEY.token(omit=("aud",)), "TOKEN_CLAIMS_MISSING"),
    "no end": (KEY.token(omit=("exp",)), "TOKEN_CLAIMS_MISSING"),
    "no subject": (KEY.token(omit=("sub",)), "TOKEN_CLAIMS_MISSING"),
    "no tenant": (KEY.token(omit=("tenant",)), "TOKEN_CLAIMS_MISSING"),
    "no roles": (KEY.token(omit=("roles",)), "TOKEN_CLAIMS_MISSING"),
    "an empty list of roles": (KEY.token(roles=[]), "TOKEN_CLAIMS_MISSING"),
    "roles that are a text": (KEY.token(roles="clinician"), "TOKEN_MALFORMED"),
    "a tenant that is a number": (KEY.token(tenant=5), "TOKEN_MALFORMED"),
    "an empty subject": (KEY.token(sub=""), "TOKEN_MALFORMED"),
    "a subject that is a sentence": (KEY.token(sub="drop all"), "TOKEN_MALFORMED"),
    "an end that is a text": (KEY.token(exp="tomorrow"), "TOKEN_MALFORMED"),
    "an unknown role": (KEY.token(roles=["clinician", "root"]), "ROLE_UNKNOWN"),
    "the workload role": (KEY.token(roles=["workload"]), "ROLE_UNKNOWN"),
}


@pytest.mark.parametrize("case", BAD)
def test_every_bad_token_has_its_own_reason(verifier: Verifier, case: str) -> None:
    token, reason = BAD[case]
    assert refusal(verifier, token) == reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{0,9}"))
def test_no_text_is_more_than_refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_clocks_may_differ_a_little(verifier: Verifier) -> None:
    now = int(time.time())
    assert verifier.verify(KEY.token(exp=now - 3, iat=now + 3, nbf=now + 3))


def test_a_known_token_is_not_checked_again(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = KEY.token()
    first = verifier.verify(token)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("jwt.decode", never)
    assert verifier.verify(token) is first


def test_a_known_token_expires_all_the_same(verifier: Verifier, clock: Clock) -> None:
    token = KEY.token()
    verifier.verify(token)
    clock.ahead = 620
    assert refusal(verifier, token) == "TOKEN_EXPIRED"


def test_a_withdrawn_key_takes_its_known_tokens_with_it(verifier: Verifier, tmp_path: Path) -> None:
    token = KEY.token()
    verifier.verify(token)
    forge.publish(tmp_path / "jwks.json", RSA_KEY)
    verifier.keys.refresh()
    assert refusal(verifier, token) == "TOKEN_KEY_UNKNOWN"


def test_only_so_many_tokens_are_remembered(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    for number in range(4):
        verifier.verify(KEY.token(jti=str(number)))
    assert len(verifier._known) == 2


def test_a_key_that_was_rotated_in_is_found(verifier: Verifier, tmp_path: Path) -> None:
    verifier.verify(KEY.token())
    fresh = Key("fresh")
    forge.publish(tmp_path / "jwks.json", KEY, fresh)
    assert verifier.verify(fresh.token()).tenant_id == "alpha"
