from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chassis.settings import (
    Address,
    ProcessSettings,
    Secret,
    SettingsError,
    is_loopback,
    load,
    split_address,
)

NEEDED = {
    "HAVEN_AMQP_URI": "amqp://haven:swordfish@mq/",
    "HAVEN_MONGODB_URI": "mongodb://db/",
    "HAVEN_TENANTS_FILE": "/etc/haven/tenants.toml",
    "HAVEN_JWKS_URI": "https://login.test/jwks",
    "HAVEN_TOKEN_ISSUER": "https://login.test",
    "HAVEN_TOKEN_AUDIENCE": "haven",
    "HAVEN_PKI_DIR": "/etc/haven/pki",
}


@dataclass(frozen=True, kw_only=True)
class Pager:
    grace: timedelta = timedelta(seconds=60)
    retries: int = 3


@dataclass(frozen=True, kw_only=True)
class CrisisSettings(ProcessSettings):
    smtp_password: Secret | None = None
    sender: str = "nobody"
    pager: Pager = Pager()


def a_crisis(**extra: str) -> CrisisSettings:
    return load(CrisisSettings, prefix="crisis", environ=NEEDED | extra)


def test_a_service_s_own_variable_wins_over_the_general_one() -> None:
    settings = a_crisis(HAVEN_SENDER="general", HAVEN_CRISIS_SENDER="own")
    assert settings.sender == "own"


def test_without_its_own_variable_a_service_takes_the_general_one() -> None:
    assert a_crisis(HAVEN_SENDER="general").sender == "general"


def test_the_database_is_named_after_the_service_unless_said_otherwise() -> None:
    assert a_crisis().database == "crisis"
    assert a_crisis(HAVEN_CRISIS_DATABASE="other").database == "other"


def test_production_is_the_environment_when_nobody_says_which() -> None:
    assert not a_crisis().is_local
    assert a_crisis(HAVEN_ENV="local").is_local


def test_addresses_default_to_loopback() -> None:
    settings = a_crisis()
    assert is_loopback(settings.grpc_address)
    assert is_loopback(settings.internal_address)


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("swordfish\n")
    secret = a_crisis(HAVEN_CRISIS_SMTP_PASSWORD_FILE=str(path)).smtp_password
    assert secret == Secret("swordfish")


def test_a_field_that_is_a_path_is_not_read_as_a_file() -> None:
    assert a_crisis().tenants_file == Path("/etc/haven/tenants.toml")


def test_a_group_of_settings_is_read_like_the_rest() -> None:
    settings = a_crisis(HAVEN_CRISIS_GRACE="90", HAVEN_RETRIES="5")
    assert settings.pager == Pager(grace=timedelta(seconds=90), retries=5)


def test_every_peer_s_internal_address_is_collected() -> None:
    settings = a_crisis(
        HAVEN_NOTIFY_INTERNAL_ADDRESS="notify:8443", HAVEN_INTAKE_INTERNAL_ADDRESS="intake:8443"
    )
    assert settings.peers == {"notify": "notify:8443", "intake": "intake:8443"}


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert a_crisis(HAVEN_PUBLIC_CERTIFICATE_FILE="").public_certificate_file is None


def test_all_faults_arrive_in_one_error() -> None:
    environ = {
        "HAVEN_AMQP_URI": "amqp://mq/",
        "HAVEN_EXECUTOR_SIZE": "many",
        "HAVEN_ENV": "staging",
        "HAVEN_GRPC_ADDRESS": "nowhere",
        "HAVEN_NOTIFY_INTERNAL_ADDRESS": "nowhere",
        "HAVEN_PKI_DIR_FILE": "/does/not/exist",
    }
    with pytest.raises(SettingsError) as raised:
        load(ProcessSettings, prefix="crisis", environ=environ)
    named = {line.partition(":")[0] for line in raised.value.faults}
    assert named >= {
        "HAVEN_EXECUTOR_SIZE",
        "HAVEN_ENV",
        "HAVEN_GRPC_ADDRESS",
        "HAVEN_MONGODB_URI",
        "HAVEN_TENANTS_FILE",
        "HAVEN_NOTIFY_INTERNAL_ADDRESS",
        "HAVEN_PKI_DIR_FILE",
    }
    assert all(line in str(raised.value) for line in raised.value.faults)


def test_a_fault_never_shows_the_value() -> None:
    with pytest.raises(SettingsError) as raised:
        a_crisis(
            HAVEN_EXECUTOR_SIZE="swordfish-1",
            HAVEN_GRPC_ADDRESS="swordfish-2",
            HAVEN_ENV="swordfish-3",
            HAVEN_DRAIN_SECONDS="-17",
        )
    assert len(raised.value.faults) == 4
    assert "swordfish" not in str(raised.value)
    assert "-17" not in str(raised.value)


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="HAVEN_SENDER: given twice"):
        a_crisis(HAVEN_SENDER="a", HAVEN_SENDER_FILE="/b")


@pytest.mark.parametrize("size", ["0", "-1", "1.5"])
def test_an_executor_has_at_least_one_thread(size: str) -> None:
    with pytest.raises(SettingsError, match="HAVEN_EXECUTOR_SIZE"):
        a_crisis(HAVEN_EXECUTOR_SIZE=size)


def test_a_check_across_fields_is_a_fault_like_any_other() -> None:
    @dataclass(frozen=True)
    class Range:
        low: int = 1
        high: int = 2

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high")

    with pytest.raises(SettingsError, match="low is above high"):
        load(Range, prefix="crisis", environ={"HAVEN_LOW": "3"})


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("swordfish")
    shown = f"{secret} {secret!r} {secret!s} {[secret]} {a_crisis()!r}"
    assert "swordfish" not in shown
    assert secret.reveal() == "swordfish"
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:80", True),
        ("127.9.9.9:80", True),
        ("[::1]:80", True),
        ("localhost:80", True),
        ("0.0.0.0:80", False),
        ("[::]:80", False),
        ("10.0.0.1:80", False),
        ("example.test:80", False),
        ("127.0.0.1.example.test:80", False),
    ],
)
def test_only_this_machine_is_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


@pytest.mark.parametrize("address", ["", "host", ":80", "host:", "host:x", "host:70000", "h:-1"])
def test_what_is_not_an_address_is_refused(address: Address) -> None:
    with pytest.raises(ValueError, match="host:port"):
        split_address(address)
