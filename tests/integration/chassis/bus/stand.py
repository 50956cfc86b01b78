"""A publisher (crisis) and a consumer (notify) as real processes, and a view on what they did."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from amqp.exceptions import NotFound
from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient

from chassis.auth.pki import ensure_local_pki
from chassis.broker import connect, drop
from chassis.call import system_call
from chassis.clock import DatabaseClock
from chassis.crypto import make_master_key
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.store import CHASSIS_INDEXES, Store
from chassis.topology import MessageClass, message_counts
from cli.servers.child import Child
from cli.servers.ports import free_port
from tests.integration.chassis.bus.effects import EFFECTS, REMEDIES
from tests.waiting import eventually

ROOT = Path(__file__).parents[4]
TENANT = "alpha"
PAGES, CASES = "notify.on-page-requested.crisis", "notify.on-case-opened.clinical"


class Stand:
    """Everything of one test: two databases, one vhost, and the processes it starts."""

    def __init__(
        self, folder: Path, client: MongoClient[dict[str, Any]], *, name: str, amqp_uri: str
    ) -> None:
        self.folder, self.client, self.amqp_uri = folder, client, amqp_uri
        self.databases = {service: f"{name}_{service}" for service in ("crisis", "notify")}
        clock = DatabaseClock(client)
        self.publisher = Store(client, self.databases["crisis"], service="crisis", clock=clock)
        self.consumer = Store(client, self.databases["notify"], service="notify", clock=clock)
        for store in (self.publisher, self.consumer):
            store.ensure_indexes(CHASSIS_INDEXES)
        self.children: list[Child] = []
        self._internal_port = free_port()

    def ready(self, *programs: str) -> list[Running]:
        """One process of each program, started together, all ready."""
        starts = {"relay": self.relay, "worker": self.worker, "api": self.api}
        running = [starts[program]() for program in programs]
        return [each.is_ready() for each in running]

    def relay(self, **environment: str) -> Running:
        """Another relay of the publisher."""
        return self._start("relay", "crisis", "RELAY", environment)

    def worker(self, **environment: str) -> Running:
        """Another worker of the consumer."""
        return self._start("worker", "notify", "WORKER", environment)

    def api(self, **environment: str) -> Running:
        """The api of the consumer."""
        return self._start("api", "notify", "API", environment)

    def page(self, case_id: str = "", *, within: timedelta | None = None) -> str:
        """Commit a crisis-class event; its id."""
        page = PageRequested(page_id=new_id(), case_id=case_id or new_id())
        if within is not None:
            page.expire_time.FromDatetime(self.publisher.clock.now() + within)
        return self.commit(page)

    def case(self, case_id: str = "") -> str:
        """Commit a clinical event; its id."""
        return self.commit(CaseOpened(case_id=case_id or new_id(), patient_id=new_id()))

    def commit(self, event: Message) -> str:
        """Commit an event in the publisher's outbox; its id."""
        call = system_call(TENANT, service="crisis", action="test.commit")
        return self.publisher.transact(
            call, lambda tx: tx.emit(event, aggregate_id=new_id(), aggregate_version=1)
        )

    def effects(self, event_id: str) -> int:
        """How many effects the event had."""
        return self._rows("notify", EFFECTS).count_documents({"event_id": event_id})

    def has_effect(self, event_id: str, *, within: float = 20.0) -> None:
        """Wait for the event's effect; there must be no second one."""
        eventually(lambda: self.effects(event_id), within=within)
        assert self.effects(event_id) == 1

    def seconds_to_effect(self, event_id: str) -> float:
        """From the event's commit to its effect's, by the database's clock."""
        effect = self._rows("notify", EFFECTS).find_one({"event_id": event_id})
        event = self.outbox_row(event_id)
        assert effect is not None
        seconds: float = (effect["create_time"] - event["create_time"]).total_seconds()
        return seconds

    def heal(self, case_id: str) -> None:
        """From now on events of this case are taken."""
        call = system_call(TENANT, service="notify", action="test.heal")
        self.consumer.transact(call, lambda tx: tx.insert(REMEDIES, {"_id": case_id}))

    def outbox_row(self, event_id: str) -> dict[str, Any]:
        """The event as the publisher stored it."""
        row = self._rows("crisis", "outbox").find_one({"_id": event_id})
        assert row is not None
        return row

    def is_published(self, event_id: str) -> bool:
        """True once the outbox says so."""
        return bool(self.outbox_row(event_id)["published"])

    def pending(self, message_class: MessageClass = MessageClass.CLINICAL) -> int:
        """How many events of a class wait for the broker."""
        return len(self.publisher.pending(message_class, 10_000))

    def settle(self, *, within: float = 30.0) -> None:
        """Wait until the outbox is empty and every receipt is there."""

        def is_empty() -> bool:
            waiting = sum(self.pending(each) for each in MessageClass)
            return waiting == 0 and not self.publisher.awaiting_receipts(1)

        eventually(is_empty, within=within)

    def depth(self, queue: str) -> int:
        """How many messages are ready in a queue; 0 where it does not exist or nobody answers."""
        try:
            connection = connect(self.amqp_uri)
        except Unavailable:
            return 0
        try:
            return message_counts(connection, [queue])[queue]
        except NotFound:
            return 0
        finally:
            drop(connection)

    def take_and_vanish(self, queue: str) -> None:
        """Receive one message and be gone without a word, as a killed worker is."""
        connection = connect(self.amqp_uri)
        message = eventually(lambda: connection.channel().basic_get(queue), within=20)
        assert message is not None
        drop(connection)

    def dead(self) -> int:
        """How many messages are parked in the consumer's queues."""
        return sum(self.depth(f"{queue}.dead") for queue in (PAGES, CASES))

    def logs(self) -> str:
        """Everything that any process wrote."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """Stop all and forget the data."""
        for child in self.children:
            child.kill()
        for database in self.databases.values():
            self.client.drop_database(database)

    def _rows(self, service: str, collection: str) -> Any:
        return self.client[self.databases[service]][collection]

    def _start(
        self, program: str, service: str, process: str, environment: dict[str, str]
    ) -> Running:
        metrics = f"127.0.0.1:{free_port()}"
        everything = {
            **self._environment(service),
            f"HAVEN_{process}_METRICS_ADDRESS": metrics,
            **environment,
        }
        child = Child(
            [sys.executable, "-W", "ignore", "-m", f"tests.integration.chassis.bus.{program}"],
            # What a test sets to nothing is not set.
            environment={name: value for name, value in everything.items() if value},
            log=self.folder / f"{program}-{len(self.children)}.log",
            folder=ROOT,
        )
        self.children.append(child)
        child.start()
        return Running(child, metrics)

    def _environment(self, service: str) -> dict[str, str]:
        pki, tenants = self.folder / "pki", self.folder / "tenants.toml"
        ensure_local_pki(pki, ["crisis", "notify"])
        tenants.write_text(f'[tenants.{TENANT}]\nname = "Alpha"\n')
        host, port = self.client.address or ("127.0.0.1", 27017)
        return {
            "HAVEN_ENV": "local",
            "HAVEN_AMQP_URI": self.amqp_uri,
            "HAVEN_MONGODB_URI": f"mongodb://{host}:{port}/?directConnection=true",
            "HAVEN_DATABASE": self.databases[service],
            "HAVEN_TENANTS_FILE": str(tenants),
            "HAVEN_JWKS_URI": f"file:{self.folder / 'jwks.json'}",
            "HAVEN_TOKEN_ISSUER": "https://login.haven.test",
            "HAVEN_TOKEN_AUDIENCE": "haven",
            "HAVEN_PKI_DIR": str(pki),
            "HAVEN_MASTER_KEY_FILE": str(make_master_key(self.folder / "master-key")),
            "HAVEN_NOTIFY_INTERNAL_ADDRESS": f"127.0.0.1:{self._internal_port}",
            # They take crisis-class events too, and nobody is there.
            "HAVEN_INTAKE_INTERNAL_ADDRESS": "127.0.0.1:1",
            "HAVEN_SESSIONS_INTERNAL_ADDRESS": "127.0.0.1:1",
        }


class Running:
    """One process and its operators' port."""

    def __init__(self, child: Child, metrics: str) -> None:
        self.child, self._metrics = child, metrics

    def is_ready(self, *, within: float = 30.0) -> Running:
        """Wait until it says so."""
        eventually(lambda: self._get("/readyz") == b"ok\n", within=within)
        return self

    def was_killed(self, *, within: float = 30.0) -> Running:
        """Wait until a failpoint has killed it."""
        eventually(lambda: self.child.exit_code == -9, within=within)
        return self

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        families = text_string_to_metric_families(self._get("/metrics").decode())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def _get(self, path: str) -> bytes:
        if not self.child.is_running:
            raise RuntimeError(f"ended: {self.child.last_words()}")
        try:
            with urlopen(f"http://{self._metrics}{path}", timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except OSError:
            return b""


def spans(path: Path) -> list[dict[str, Any]]:
    """The spans that processes exported to a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]
