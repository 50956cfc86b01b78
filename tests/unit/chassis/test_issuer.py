from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from chassis.auth.issuer import KEY_FILE, Issuer
from chassis.auth.keys import KeySet
from chassis.auth.tokens import Verifier
from chassis.call import Role
from chassis.errors import Unauthenticated
from chassis.settings import SettingsError


def issuer(directory: Path, environment: str = "local") -> Issuer:
    return Issuer(directory, issuer="https://local", audience="haven", environment=environment)


def verifier(made: Issuer) -> Verifier:
    return Verifier(KeySet(made.jwks_uri), issuer="https://local", audience="haven")


def test_its_tokens_are_accepted(tmp_path: Path) -> None:
    made = issuer(tmp_path)
    identity = verifier(made).verify(made.issue("alpha", "p1", [Role.PATIENT]))
    assert (identity.tenant_id, identity.actor.roles) == ("alpha", {Role.PATIENT})


def test_the_key_of_the_first_run_stays(tmp_path: Path) -> None:
    token = issuer(tmp_path).issue("alpha", "p1", [Role.PATIENT])
    assert verifier(issuer(tmp_path)).verify(token)


def test_its_tokens_end(tmp_path: Path) -> None:
    made = issuer(tmp_path)
    token = made.issue("alpha", "p1", [Role.PATIENT], ttl=timedelta(seconds=-60))
    with pytest.raises(Unauthenticated, match="expired"):
        verifier(made).verify(token)


def test_its_key_is_for_its_owner_only(tmp_path: Path) -> None:
    issuer(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_it_works_on_a_developer_s_machine_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HAVEN_ENV"):
        issuer(tmp_path, "production")
    assert list(tmp_path.iterdir()) == []
