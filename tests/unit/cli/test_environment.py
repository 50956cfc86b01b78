from __future__ import annotations

import shlex
import stat
from pathlib import Path

import pytest

from chassis.settings import ProcessSettings, load
from chassis.tenants import Tenants
from cli.environment import (
    FILE,
    PROCESSES,
    SERVICES,
    TENANTS_FILE,
    LocalEnvironment,
    Uris,
    prepare,
    read,
)
from cli.stack import commands
from services.sessions.settings import SessionsSettings

URIS = Uris("amqp://guest:guest@127.0.0.1:1/", "mongodb://127.0.0.1:2/", "smtp://127.0.0.1:3")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_STATE", str(tmp_path))


@pytest.fixture
def made(tmp_path: Path) -> LocalEnvironment:
    return prepare(tmp_path / "run", URIS)


def test_every_service_can_read_its_settings(made: LocalEnvironment) -> None:
    for service in SERVICES:
        settings = load(ProcessSettings, prefix=service, environ=made.variables)
        assert settings.is_local
        assert settings.grpc_address == made.addresses[service]
        assert set(settings.peers) == set(SERVICES)


def test_no_address_is_given_twice(made: LocalEnvironment) -> None:
    addresses = [value for name, value in made.variables.items() if name.endswith("_ADDRESS")]
    assert (
        len(addresses) == len(SERVICES) * (2 + len(PROCESSES)) + 3
    )  # the auditor's, the pages' and the browsers'
    assert len(set(addresses)) == len(addresses)


def test_links_in_mails_lead_to_where_pages_are_served(made: LocalEnvironment) -> None:
    served = made.variables["HAVEN_NOTIFY_HTTP_ADDRESS"]
    assert made.variables["HAVEN_NOTIFY_PUBLIC_URL"] == f"http://{served}"


def test_a_page_served_on_this_machine_may_attend_sessions(made: LocalEnvironment) -> None:
    settings = load(SessionsSettings, prefix="sessions", environ=made.variables)
    assert settings.http_address == made.variables["HAVEN_SESSIONS_HTTP_ADDRESS"]
    assert "http://localhost:8000" in settings.origins


def test_the_procfile_lists_the_sixteen_processes(made: LocalEnvironment) -> None:
    assert set(commands()) == set(made.metrics)
    for name, command in commands().items():
        service, _, process = name.partition("-")
        assert command == ["python", "-m", f"services.{service}.{process}"]


def test_a_later_command_finds_the_same_environment(made: LocalEnvironment, tmp_path: Path) -> None:
    assert read(tmp_path / "run" / FILE) == dict(made.variables)


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path, made: LocalEnvironment) -> None:
    secrets = [tmp_path / "run" / FILE, *(tmp_path / "keys").glob("*key*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets if path.is_file()} == {0o600}


def test_values_are_safe_for_a_shell(tmp_path: Path) -> None:
    prepare(tmp_path, URIS, more={"HAVEN_ODD": "two words; 'and' $more"})
    line = next(
        line for line in (tmp_path / FILE).read_text().splitlines() if line.startswith("HAVEN_ODD")
    )
    assert shlex.split(line) == ["HAVEN_ODD=two words; 'and' $more"]
    assert read(tmp_path / FILE)["HAVEN_ODD"] == "two words; 'and' $more"


def test_keys_are_kept_from_run_to_run(tmp_path: Path) -> None:
    def once() -> tuple[bytes, str]:
        made = prepare(tmp_path / "run", URIS)
        return (tmp_path / "keys" / "master.key").read_bytes(), made.issuer.kid

    assert once() == once()


def test_an_existing_server_is_used_when_the_environment_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HAVEN_AMQP_URI", URIS.amqp)
    monkeypatch.delenv("HAVEN_MONGODB_URI", raising=False)
    monkeypatch.delenv("HAVEN_SMTP_URI", raising=False)
    assert Uris.given() == Uris(amqp=URIS.amqp)


def test_the_local_tenants_are_two_and_one_for_drills() -> None:
    assert Tenants.load(TENANTS_FILE).ids == {"riverbend", "lakeside", "drill"}
