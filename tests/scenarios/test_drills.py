"""The platform tries itself: where a hop breaks the drill is late and says so; mended, it passes.

And its auditor, on the running platform: what a hand deletes is back, whoever of two looks.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient

from chassis.broker import Outgoing, Publisher
from chassis.ids import new_id
from cli.environment import Uris
from cli.provision import DRILL_MAILBOX
from cli.servers import RabbitServer, SmtpServer
from cli.stack import Stack
from services.crisis.settings import CrisisSettings
from tests.waiting import eventually

TENANTS = """
[tenants.riverbend]
name = "Riverbend Virtual Care"

[tenants.drill]
name = "Self-drill"

[tenants.drill.crisis]
is_drill = true
drill_period_seconds = 8
drill_late_seconds = 5
page_late_seconds = 600
supervisor_id = "drill-responder"
"""
PERIOD = 8.0
TWO_PERIODS = 2 * PERIOD
PATIENCE = 120.0
# Crisis events go two ways: without a service's worker, or without its api, they still arrive.
# Sessions, where a patient's signal is raised, is cut off behind its worker; crisis, before it.
HOPS = (
    "sessions-api, sessions-relay", "crisis-api, crisis-worker", "crisis-relay", "notify-relay",
    "smtp", "broker", "crisis-worker",
)  # fmt: skip


@pytest.fixture(scope="module")
def stack(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Sixteen processes on servers of their own, drilling every few seconds."""
    file = tmp_path_factory.mktemp("tenants") / "tenants.toml"
    file.write_text(TENANTS)
    more = {"HAVEN_TENANTS_FILE": str(file), "HAVEN_CRISIS_AUDIT_PERIOD_SECONDS": "1"}
    with Stack(server_folder / "drills", given=Uris(), more=more) as running:
        yield running
        running.abandon()


@pytest.fixture
def client(stack: Stack) -> Iterator[MongoClient[dict[str, Any]]]:
    assert stack.database is not None
    with MongoClient[dict[str, Any]](stack.database.uri, tz_aware=True) as made:
        yield made


def metric(stack: Stack, name: str, process: str = "crisis-auditor", **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    address = stack.processes[process].environment["HAVEN_CRISIS_AUDITOR_METRICS_ADDRESS"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def last_success(stack: Stack) -> float:
    return metric(stack, "haven_crisis_drill_last_success_timestamp_seconds")


def failures(stack: Stack) -> float:
    return metric(stack, "haven_crisis_drill_failures_total")


def passes_again(stack: Stack) -> None:
    """A drill that ends from now on passes: the next one, or on a busy machine one of the next."""
    now = time.time()
    eventually(lambda: last_success(stack) > now, within=PATIENCE, every=0.2)


def has_passed(stack: Stack) -> None:
    """The newest drill that has ended: nothing of another fault is left."""
    if time.time() - last_success(stack) > PERIOD:
        passes_again(stack)


def test_help_comes_and_every_step_is_measured(stack: Stack) -> None:
    passes_again(stack)

    steps = ("heard", "delivered", "acknowledged", "contacted", "resolved")
    counts = [metric(stack, "haven_crisis_drill_seconds_count", step=step) for step in steps]
    assert min(counts) >= 1
    assert len(set(counts)) == 1
    assert stack.smtp is not None
    assert stack.smtp.mails_to(DRILL_MAILBOX), "the page left on the same way as all pages"


@pytest.mark.parametrize("hop", HOPS)
def test_a_broken_hop_makes_the_drill_late_within_two_periods_and_a_mended_one_lets_it_pass(
    stack: Stack, hop: str
) -> None:
    has_passed(stack)
    before = failures(stack)
    _break(stack, hop)
    try:
        eventually(lambda: failures(stack) > before, within=TWO_PERIODS, every=0.2)
    finally:
        _mend(stack, hop)

    passes_again(stack)


def _break(stack: Stack, hop: str) -> None:
    for name in hop.split(", "):
        if (server := _server(stack, name)) is not None:
            server.stop()
        else:
            stack.kill(name)


def _mend(stack: Stack, hop: str) -> None:
    for name in hop.split(", "):
        if (server := _server(stack, name)) is not None:
            server.start()
        else:
            stack.restart(name)


def _server(stack: Stack, hop: str) -> SmtpServer | RabbitServer | None:
    assert stack.smtp is not None
    assert stack.broker is not None
    servers: dict[str, SmtpServer | RabbitServer] = {"smtp": stack.smtp, "broker": stack.broker}
    return servers.get(hop)


def test_no_drill_leaves_an_open_case_behind(
    stack: Stack, client: MongoClient[dict[str, Any]]
) -> None:
    passes_again(stack)
    ended = [each["case_id"] for each in client.crisis.drills.find({"is_running": False})]

    assert ended
    assert client.crisis.cases.count_documents({"_id": {"$in": ended}, "is_open": True}) == 0
    running = client.crisis.drills.count_documents({"is_running": True})
    assert running <= 1


def test_an_auditor_killed_in_the_middle_of_a_drill_is_followed_by_another(
    stack: Stack, client: MongoClient[dict[str, Any]]
) -> None:
    stack.add("crisis-auditor-2", like="crisis-auditor")
    try:
        eventually(lambda: client.crisis.drills.find_one({"is_running": True}), within=TWO_PERIODS)
        stack.kill("crisis-auditor")
        now = time.time()

        def passed() -> bool:
            name = "haven_crisis_drill_last_success_timestamp_seconds"
            return metric(stack, name, "crisis-auditor-2") > now

        eventually(passed, within=TWO_PERIODS + 20, every=0.2)
        stack.restart("crisis-auditor")
    finally:
        stack.remove("crisis-auditor-2")


def test_a_deadline_deleted_by_hand_on_the_running_platform_is_back_within_a_minute(
    stack: Stack, client: MongoClient[dict[str, Any]]
) -> None:
    stack.restart("crisis-auditor")
    case = eventually(lambda: client.crisis.cases.find_one({"is_open": True}), within=TWO_PERIODS)
    assert case is not None
    client.crisis.cases.update_one(
        {"_id": case["_id"], "is_open": True}, {"$unset": {"next_deadline_time": ""}}
    )

    id = case["_id"]

    def has_deadline() -> bool:
        found = client.crisis.cases.find_one({"_id": id})
        assert found is not None
        return not found["is_open"] or found.get("next_deadline_time") is not None

    eventually(has_deadline, within=60)
    eventually(
        lambda: metric(stack, "haven_crisis_audit_last_round_timestamp_seconds") > 0, within=20
    )
    found = "haven_crisis_audit_findings"
    eventually(lambda: metric(stack, found, kind="deadline_missing") == 0, within=20)


def test_a_call_for_help_that_no_handler_can_take_is_a_case_within_a_minute_as_deployed(
    stack: Stack, client: MongoClient[dict[str, Any]]
) -> None:
    """The bound of sixty seconds, from the worker's refusal to the case, at the default pace."""
    assert stack.broker is not None
    default = str(CrisisSettings.audit_period_seconds)
    stack.restart("crisis-auditor", HAVEN_CRISIS_AUDIT_PERIOD_SECONDS=default)
    lost = {"tenant_id": "riverbend", "source": "dead_letter"}
    assert client.crisis.cases.count_documents(lost) == 0

    publish_unreadable(stack.broker.uri, "crisis.on-safety-signal-raised.crisis")

    case = eventually(lambda: client.crisis.cases.find_one(lost), within=60, every=0.2)
    assert case is not None
    assert (case["severity"], case["patient_id"]) == ("high", "")
    stack.restart("crisis-auditor")


def publish_unreadable(uri: str, queue: str) -> None:
    """A crisis event of a living tenant whose body no release can read."""
    headers = {"tenant_id": "riverbend", "aggregate_id": new_id()}
    publisher = Publisher(uri)
    publisher.open()
    event_id = new_id()
    sent = publisher.publish(
        [Outgoing(event_id, "", queue, b"\xff", properties={"application_headers": headers})]
    )
    publisher.close()
    assert sent.confirmed == [event_id]
