from __future__ import annotations

import os
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from cli.commands.stack import PID_FILE, running_pid
from cli.environment import SERVICES
from cli.main import app


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack of the developer's own is found, and no key is left behind."""
    for name in [name for name in os.environ if name.startswith("HAVEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HAVEN_STATE", str(tmp_path))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_every_command_explains_itself() -> None:
    for command in (
        "stack",
        "demo",
        "token",
        "call",
        "room",
        "indexes",
        "topology",
        "dead-letters",
    ):
        code, output = run(command, "--help")
        assert code == 0, output
    assert "audit" in run("--help")[1]


def test_a_token_says_who_and_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_ENV", "local")
    asked = ("--tenant", "riverbend", "--subject", "ana", "--role", "clinician")
    code, output = run("token", *asked, "--role", "supervisor")
    claims = jwt.decode(output.strip(), options={"verify_signature": False})
    assert code == 0
    assert (claims["tenant"], claims["sub"]) == ("riverbend", "ana")
    assert claims["roles"] == ["clinician", "supervisor"]


def test_no_token_is_made_outside_a_local_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("token", "--tenant", "riverbend", "--subject", "ana", "--role", "clinician")
    for value in ("", "production"):
        monkeypatch.setenv("HAVEN_ENV", value)
        code, output = run(*asked)
        assert code == 1
        assert "HAVEN_ENV" in output


def test_nobody_can_become_a_workload_by_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_ENV", "local")
    code, output = run("token", "--tenant", "t1", "--subject", "x", "--role", "workload")
    assert (code, "ROLE_UNKNOWN" in output) == (1, True)


def test_a_command_without_a_stack_names_what_is_missing() -> None:
    assert "HAVEN_MONGODB_URI: required" in run("indexes", "check")[1]
    assert "HAVEN_AMQP_URI: required" in run("dead-letters", "list")[1]
    assert "HAVEN_TENANTS_FILE: required" in run("audit", "verify")[1]
    assert "is the stack up?" in run("call", "crisis")[1]


def test_a_request_that_is_not_an_object_is_refused_before_any_connection() -> None:
    code, output = run("call", "crisis/ListCases", "[1]", "--address", "127.0.0.1:1")
    assert (code, "REQUEST_MALFORMED" in output) == (1, True)


def test_an_address_where_nothing_answers_is_said_so() -> None:
    code, output = run("call", "crisis/ListCases", "{}", "--address", "127.0.0.1:1")
    assert (code, "SERVICE_UNAVAILABLE" in output) == (1, True)


def test_a_room_is_not_entered_without_saying_who(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("room", "join", "s-1", "--as", "patient", "--address", "127.0.0.1:1")
    assert "TOKEN_MISSING" in run(*asked)[1]
    assert "TOKEN_MISSING" in run(*asked, "--person", "ana")[1]
    assert "TOKEN_MALFORMED" in run(*asked, "--token", "nonsense")[1]
    assert "HAVEN_ENV" in run(*asked, "--person", "ana", "--tenant", "riverbend")[1]
    monkeypatch.setenv("HAVEN_ENV", "local")
    who = ("--tenant", "riverbend", "--subject", "ana", "--role", "clinician")
    monkeypatch.setenv("HAVEN_TOKEN", run("token", *who)[1].strip())
    code, output = run(*asked)
    assert (code, "ROLE_NOT_ALLOWED" in output) == (1, True)
    assert "is the stack up?" in run("room", "try")[1]


def test_the_topology_names_every_service() -> None:
    code, output = run("topology", "show")
    assert code == 0
    assert all(f"{service} -> " in output for service in SERVICES)


def test_taking_down_what_does_not_run_is_no_failure() -> None:
    assert run("stack", "down") == (0, "no stack is running\n")


def test_a_pid_of_another_program_is_no_stack(tmp_path: Path) -> None:
    (tmp_path / PID_FILE).write_text(str(os.getppid()))
    assert running_pid(tmp_path) is None
    (tmp_path / PID_FILE).write_text("999999999")
    assert running_pid(tmp_path) is None
