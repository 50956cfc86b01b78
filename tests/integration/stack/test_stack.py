"""The whole platform on one machine: up, as a developer sees it, and gone without a trace."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import psutil
import pytest
from kombu import Connection
from typer.testing import CliRunner, Result

from cli.environment import SERVICES
from cli.main import app
from cli.probes import answers, serves
from cli.reflection import Caller, Refusal
from cli.stack import Stack
from tests.integration.terminal import terminal
from tests.waiting import eventually


@pytest.fixture(scope="module")
def state(server_folder: Path) -> Iterator[Path]:
    """A developer's machine with no other server and no other stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HAVEN_")]:
            patch.delenv(name)
        patch.setenv("HAVEN_STATE", str(server_folder / "state"))
        yield server_folder / "state"


@pytest.fixture(scope="module")
def stack(state: Path) -> Iterator[Stack]:
    with Stack(state / "run") as stack:
        yield stack


def haven(*arguments: str) -> Result:
    """The command line of somebody in another terminal."""
    return CliRunner().invoke(app, arguments)


def test_all_sixteen_are_ready(stack: Stack) -> None:
    assert len(stack.processes) == 16
    assert stack.ended() == []
    for address in stack.environment.metrics.values():
        assert answers(address, "/readyz")
        assert answers(address, "/livez")
    assert all(serves(address) for address in stack.environment.addresses.values())


def test_no_worker_has_loaded_grpc_and_nobody_else_eventlet(stack: Stack) -> None:
    """Libraries mapped into the running processes, whatever they imported late."""
    for name, child in stack.processes.items():
        maps = Path(f"/proc/{child.pid}/maps").read_text()
        assert ("cygrpc" in maps) == (not name.endswith(("worker", "auditor"))), name


def test_only_loopback_is_listened_on(stack: Stack) -> None:
    listening = {
        connection.laddr.ip
        for child in psutil.Process().children(recursive=True)
        for connection in child.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_stock_client_learns_every_method_by_reflection(stack: Stack, service: str) -> None:
    with grpc.insecure_channel(stack.environment.addresses[service]) as channel:
        methods = list(Caller(channel).methods())
    assert any(each.startswith(f"haven.{service}.v1.{service.title()}Service/") for each in methods)
    assert "haven.audit.v1.AuditService/ListAuditEntries" in methods
    assert not any("Deliver" in each for each in methods)


def test_a_call_by_reflection_is_answered(stack: Stack) -> None:
    who = ["--tenant", "riverbend", "--role", "privacy_officer", "--subject", "privacy-1"]
    answer = haven("call", "intake/ListAuditEntries", '{"pageSize": 5}', *who)
    assert answer.exit_code == 0, answer.output
    assert isinstance(json.loads(answer.output), dict)


def test_a_refused_call_names_the_reason(stack: Stack) -> None:
    who = ["--tenant", "riverbend", "--role", "patient", "--subject", "ana"]
    answer = haven("call", "intake/ListAuditEntries", "{}", *who)
    assert answer.exit_code == 1
    assert "PERMISSION_DENIED ROLE_NOT_ALLOWED" in answer.output
    without = haven("call", "intake/ListAuditEntries", "{}")
    assert "UNAUTHENTICATED" in without.output


def test_a_request_of_the_wrong_form_is_not_sent(stack: Stack) -> None:
    with grpc.insecure_channel(stack.environment.addresses["intake"]) as channel:
        with pytest.raises(Exception, match="pageSizes"):
            Caller(channel).call("ListAuditEntries", {"pageSizes": 5}, "")
        with pytest.raises(Exception, match="no such method"):
            Caller(channel).call("ListNothing", {}, "")
        assert isinstance(Caller(channel).call("ListAuditEntries", {}, "x"), Refusal)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("indexes", "check"), "all indexes exist"),
        (("topology", "check"), "all exchanges and queues exist"),
        (("dead-letters", "list"), "no message is parked"),
        (("audit", "verify"), "intact"),
        (("call", "crisis"), "haven.crisis.v1.CrisisService/"),
    ],
    ids=["indexes", "topology", "dead letters", "audit", "methods"],
)
def test_an_operator_can_look(stack: Stack, command: tuple[str, ...], said: str) -> None:
    answer = haven(*command)
    assert (answer.exit_code, said in answer.output) == (0, True), answer.output


def test_a_killed_process_comes_back(stack: Stack) -> None:
    stack.kill("notify-relay")
    assert stack.ended() == ["notify-relay"]
    stack.restart("notify-relay")
    assert stack.ended() == []


def test_a_second_replica_runs_beside_the_first(stack: Stack) -> None:
    stack.add("notify-relay-2", like="notify-relay")
    assert "notify-relay-2" not in stack.ended()
    stack.remove("notify-relay-2")


def test_a_poison_message_is_parked_shown_and_put_back(stack: Stack) -> None:
    queue = "crisis.on-screening-completed.clinical"
    with Connection(stack.environment.variables["HAVEN_AMQP_URI"]) as connection:
        connection.Producer().publish(b"\xff\xfe", routing_key=queue, content_type="text/odd")
        line = eventually(lambda: _parked(queue), within=20)
        assert "CONTENT_TYPE_UNKNOWN" in line
        assert haven("dead-letters", "redrive", queue).output == "1 put back\n"
        eventually(lambda: _parked(queue), within=20)  # it is as poisonous as before

        def emptied() -> bool:
            # A purge spares what a look still holds, so it may take two.
            connection.default_channel.queue_purge(f"{queue}.dead")
            return "no message is parked" in haven("dead-letters", "list").output

        assert eventually(emptied, within=20)


async def test_a_new_user_sees_a_group_at_work_and_a_killed_api_costs_it_nothing(
    stack: Stack, state: Path
) -> None:
    tried = haven("room", "try")
    commands = [shlex.split(line) for line in tried.output.splitlines() if "room join" in line]
    assert len(commands) == 3, tried.output
    async with AsyncExitStack() as opened:
        lead, ana, ben = [
            await opened.enter_async_context(terminal(*command[1:], HAVEN_STATE=str(state)))
            for command in commands
        ]
        await lead.sees("in the room as Facilitator")
        await lead.types("/start")
        await lead.sees("the session has begun")  # or what stands there instead
        name = (await ana.sees("in the room as")).partition(" as ")[2].partition(".")[0]
        await ben.sees("in the room as")
        await ana.types("before")
        await ben.sees(f"{name}: before")
        stack.kill("sessions-api")
        await ana.sees("connection lost")
        await ana.types("meanwhile")
        await asyncio.to_thread(stack.restart, "sessions-api")
        await ben.sees(f"{name}: meanwhile")
        await ana.types("/sos")
        await lead.sees(f"call for help of {name}: sent")
        await asyncio.to_thread(_take_the_case)
        await ana.sees("your call for help: a clinician has it")
        await lead.types("/end")
        assert [await each.ends() for each in (lead, ana, ben)] == [0, 0, 0]
    assert ana.room == ben.room == lead.room
    assert [text for _, text in ben.room if text.startswith(f"{name}: ")] == [
        f"{name}: before", f"{name}: meanwhile",
    ]  # fmt: skip
    assert ben.private == []


def _take_the_case() -> None:
    """As the tried command says, in a fourth terminal."""
    who = ["--tenant", "riverbend", "--role", "clinician", "--subject", "clinician-1"]
    cases = json.loads(haven("call", "crisis/ListCases", "{}", *who).output)["cases"]
    (case,) = [each for each in cases if each["state"] != "CASE_STATE_RESOLVED"]
    answer = haven("call", "crisis/AcknowledgeCase", json.dumps({"caseId": case["caseId"]}), *who)
    assert answer.exit_code == 0, answer.output


def _parked(queue: str) -> str:
    lines = haven("dead-letters", "list").output.splitlines()
    return next((line for line in lines if line.startswith(queue)), "")
