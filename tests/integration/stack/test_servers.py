"""The private servers start, survive what fault tests do to them, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psutil
import pytest
from kombu import Connection, Queue
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import NetworkTimeout

from chassis.errors import Unavailable
from cli.servers import MongoServer, RabbitServer, SmtpServer
from cli.servers.rabbit import installed_version
from tests.waiting import eventually

OWNER = """
import sys, time
from pathlib import Path
from cli.servers import MongoServer, RabbitServer, SmtpServer
folder = Path(sys.argv[1])
servers = [kind(folder / kind.__name__).start() for kind in (SmtpServer, MongoServer, RabbitServer)]
print("ready", flush=True)
time.sleep(600)
"""


def test_a_fresh_virtual_host_takes_quorum_queues(vhost: str) -> None:
    with Connection(vhost) as connection:
        _publish(connection, "hello")
        assert eventually(lambda: _next(connection), within=10) == "hello"


def test_a_fresh_database_takes_transactions(database: Database[dict[str, Any]]) -> None:
    with database.client.start_session() as session:
        session.with_transaction(
            lambda inside: database.probes.insert_one({"tenant_id": "t"}, session=inside)
        )
    assert database.probes.count_documents({}) == 1


def test_a_mail_can_be_read_as_soon_as_the_server_accepted_it(smtp: SmtpServer) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@haven.test",
        "b@haven.test",
        "Söme words",
    )
    message.set_content("line")
    with smtplib.SMTP("127.0.0.1", smtp.port, timeout=10) as client:
        client.send_message(message)
    (mail,) = smtp.mails_to("b@haven.test")
    assert (mail.subject, mail.text, mail.sender) == ("Söme words", "line\r\n", "a@haven.test")


@pytest.fixture(scope="module")
def broker(server_folder: Path) -> Iterator[RabbitServer]:
    server = RabbitServer(server_folder / "own").start()
    yield server
    server.abandon()


def test_only_loopback_is_listened_on(broker: RabbitServer) -> None:
    family = [psutil.Process(broker.pid), *psutil.Process().children()]
    addresses = {
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses <= {"127.0.0.1", "::1"}
    assert installed_version() >= (3, 10)


def test_a_killed_broker_comes_back_on_the_same_port_with_its_durable_messages(
    broker: RabbitServer,
) -> None:
    with Connection(broker.uri, transport_options={"confirm_publish": True}) as connection:
        _publish(connection, "kept")
    before = broker.uri
    broker.kill()
    broker.start()
    assert broker.uri == before
    with Connection(broker.uri) as connection:
        assert eventually(lambda: _next(connection), within=20) == "kept"


def test_publishers_can_be_blocked_and_let_go(broker: RabbitServer) -> None:
    blocked: list[str] = []
    with Connection(broker.uri) as connection:
        connection.connection.on_blocked = blocked.append
        broker.block_publishers()
        try:
            _publish(connection, "held")
            eventually(lambda: _heard(connection, blocked), within=10)
        finally:
            broker.unblock_publishers()
        assert eventually(lambda: _next(connection), within=10) == "held"


def _publish(connection: Connection, body: str) -> None:
    queue = Queue("probe", durable=True, queue_arguments={"x-queue-type": "quorum"})
    queue(connection.default_channel).declare()
    connection.Producer().publish(body, routing_key="probe", delivery_mode=2)


def _next(connection: Connection) -> str:
    message = connection.default_channel.basic_get("probe", no_ack=True)
    return message.body if message else ""


def _heard(connection: Connection, blocked: list[str]) -> bool:
    try:
        connection.drain_events(timeout=0.1)
    except TimeoutError:
        return bool(blocked)
    return bool(blocked)


def test_a_frozen_database_does_not_answer_until_it_is_thawed(tmp_path: Path) -> None:
    server = MongoServer(tmp_path).start()
    with MongoClient[dict[str, Any]](server.uri, socketTimeoutMS=500, retryReads=False) as client:
        client.admin.command("ping")
        server.freeze()
        try:
            with pytest.raises(NetworkTimeout):
                client.admin.command("ping")
        finally:
            server.thaw()
        assert client.admin.command("ping")["ok"] == 1
    server.stop()


def test_a_database_that_died_says_how(tmp_path: Path) -> None:
    server = MongoServer(tmp_path).start()
    while_it_lived = server.obituary()
    os.kill(server.pid, signal.SIGSEGV)
    end = eventually(server.obituary, within=60)

    assert while_it_lived == ""
    assert end.startswith(f"mongod ended with -{int(signal.SIGSEGV)}\n")
    assert "Segmentation fault" in end


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    first = MongoServer(tmp_path / "first").start()
    second = MongoServer(tmp_path / "second", port=first.port)
    try:
        with pytest.raises(Exception, match=r"(?i)address already in use"):
            second.start()
    finally:
        first.stop()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_the_process_that_started_them(
    tmp_path: Path, end: signal.Signals
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == "ready\n"
    family = psutil.Process(owner.pid).children(recursive=True)
    assert len(family) >= 4  # SMTP, MongoDB, epmd, RabbitMQ and what RabbitMQ starts
    os.kill(owner.pid, end)
    owner.wait(timeout=60)
    eventually(lambda: not any(_is_alive(process) for process in family), within=30)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_waiting_is_bounded_and_explained(tmp_path: Path) -> None:
    from cli.servers.ready import wait_until

    with pytest.raises(Unavailable, match="the reason"):
        wait_until(lambda: False, "nothing", within=0.1, explain=lambda: "the reason")
