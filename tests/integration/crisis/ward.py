"""Crisis and notify over real MongoDB and real SMTP, in one process, joined by what they publish.

Each event goes through the same `receive` as in a worker or an api; only the broker and the RPC in
between are left out. Their own tests have them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2
from pymongo import MongoClient

from chassis.call import Actor, Call, EventOnce, Role, system_call
from chassis.clock import DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement, make_master_key
from chassis.deadline import Deadline
from chassis.envelope import envelope_of
from chassis.errors import HavenError
from chassis.ids import new_id
from chassis.inbound import receive
from chassis.store import CHASSIS_INDEXES, AlreadyDone, OutboxRow, Store, Tx, connect
from chassis.topology import MessageClass, load_catalogue
from services.crisis import bootstrap as crisis_bootstrap
from services.crisis import store as crisis_store
from services.crisis import timers as crisis_timers
from services.crisis.domain.commands import (
    AcknowledgeCase,
    PutEscalationPolicy,
    PutRotation,
    RecordContact,
    ResolveCase,
)
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung, Target, TargetKind
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.reach import Presence
from services.crisis.domain.signal import Severity
from services.crisis.domain.timeline import Act
from services.crisis.store.on_call import MongoOnCallBook
from services.notify import bootstrap as notify_bootstrap
from services.notify import store as notify_store
from services.notify import timers as notify_timers
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.message import Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider, SmtpServer
from services.notify.ports import Provider
from services.notify.shelves.directory import MongoDirectory
from services.notify.shelves.wishes import MongoWishes
from tests.due import RunningTimers
from tests.tenant_guard import TenantGuard
from tests.waiting import eventually

TENANT = "river"
WAIT = timedelta(seconds=1.5)
POST_SECONDS = 0.01
NUMBERS = NotifyPolicy(
    crisis_retry_first_seconds=0.1, channel_step_seconds=0.5, reach_look_seconds=1
)
# The number to which people text the tenant.
OURS = "+15555550000"


class Ward:
    """One deployment for one test."""

    def __init__(
        self,
        client: MongoClient[dict[str, Any]],
        *,
        name: str,
        smtp_uri: str,
        folder: Path,
        telephones: Mapping[Channel, Provider] = MappingProxyType({}),
    ) -> None:
        management = KeyManagement.of_file(make_master_key(folder / "master.key"))
        self.client = client
        self.cipher = FieldCipher(client, management, key_vault=f"{name}_keys.data_keys")
        self.databases = {each: f"{name}_{each}" for each in ("crisis", "notify", "keys")}
        clock = DatabaseClock(client)
        # The stores' own connection is watched: no query of theirs may forget the tenant.
        self.guard = TenantGuard()
        self._watched = connect(
            _uri_of(client), app_name="tests", pool_size=32, listeners=[self.guard]
        )
        self.crisis_store, self.notify_store = (
            Store(self._watched, self.databases[each], service=each, clock=clock)
            for each in ("crisis", "notify")
        )
        self.crisis_store.ensure_indexes((*CHASSIS_INDEXES, *crisis_store.INDEXES))
        self.notify_store.ensure_indexes((*CHASSIS_INDEXES, *notify_store.INDEXES))
        self.numbers = CrisisPolicy(shortest_wait_seconds=0.2, contact_high_seconds=1.5)
        self.crisis = crisis_bootstrap.bootstrap(
            store=self.crisis_store,
            policy_of=lambda _: self.numbers,
            reveal=self.cipher.reveal,
            seal=self.cipher.encrypt,
        )
        self.notify = notify_bootstrap.bootstrap(
            store=self.notify_store,
            policy_of=lambda _: NUMBERS,
            cipher=self.cipher,
            providers={
                Channel.EMAIL: SmtpProvider("smtp", SmtpMailer(SmtpServer.of(smtp_uri))),
                **telephones,
            },
            surroundings=notify_bootstrap.Surroundings(
                public_url="https://messages.example", receiving_numbers={OURS: TENANT}
            ),
        )
        self._post = Post(self)
        self._relays: list[RunningTimers] = []

    def open(self) -> Ward:
        """Staff the ward and begin."""
        for name, clinician_id in (("on-call", "dr-one"), ("back-up", "dr-two")):
            start = self.crisis_store.clock.now() - timedelta(days=1)
            rotation = PutRotation(name, "America/New_York", start, 7, (clinician_id,), (), "")
            self.crisis.planning.put_rotation(self.staff("boss"), rotation)
        self.put_policy(rung_of("on-call"), rung_of("back-up"), Rung(WAIT, (SUPERVISOR_POOL,)))
        for recipient_id in ("dr-one", "dr-two", "supervisor-pool"):
            self.register(recipient_id)
        self._post.start()
        self.begin_reach_looks()
        self.start_relay()
        eventually(lambda: self.presence("supervisor-pool") is Presence.PRESENT, within=10)
        return self

    def close(self) -> None:
        """End everything and drop the databases."""
        for relay in self._relays:
            relay.stop()
        self._post.stop()
        for store in (self.crisis_store, self.notify_store):
            store.close()
        self.cipher.close()
        self._watched.close()
        for database in self.databases.values():
            self.client.drop_database(database)

    def start_relay(self) -> list[RunningTimers]:
        """Another relay of both services."""
        relays = [
            RunningTimers(self.crisis_store, crisis_timers.due_work(self.crisis)),
            RunningTimers(self.notify_store, notify_timers.due_work(self.notify)),
        ]
        for relay in relays:
            relay.start()
        self._relays += relays
        return relays

    def stop_relays(self) -> None:
        """No relay runs any more."""
        while self._relays:
            self._relays.pop().stop()

    def staff(self, subject: str) -> Call:
        """A member of staff's call."""
        roles = frozenset({Role.CLINICIAN, Role.SUPERVISOR, Role.ADMINISTRATOR})
        return Call(TENANT, Actor(subject, roles), "test.act", None, Deadline.after(20))

    def put_policy(self, *rungs: Rung) -> None:
        """The ladder of high severity."""
        command = PutEscalationPolicy(Severity.HIGH, rungs, None, "")
        self.crisis.planning.put_policy(self.staff("boss"), command)

    def register(self, recipient_id: str) -> None:
        """The recipient has an e-mail address, and has proved it."""
        command = RegisterContactPoint(recipient_id, Channel.EMAIL, self.address(recipient_id))
        self.notify.contacts.register(self.staff("boss"), command)
        wishes, directory = MongoWishes(self.notify_store), MongoDirectory(self.cipher)

        def prove(tx: Tx) -> None:
            owner = directory.owner(tx, recipient_id)
            assert owner is not None
            key = directory.address_key(tx, recipient_id, Channel.EMAIL)
            wishes.keep_proof(tx, owner, key)

        self.notify_store.transact(self.staff("boss"), prove)

    def reached_by(self, clinician_id: str, addresses: Mapping[Channel, str]) -> None:
        """The clinician has these channels, in this order."""
        for rank, (channel, address) in enumerate(addresses.items(), start=1):
            command = RegisterContactPoint(clinician_id, channel, address, "", rank)
            self.notify.contacts.register(self.staff("boss"), command)

    def begin_reach_looks(self) -> None:
        """What notify's relay does when it starts."""
        notify_timers.begin_reach_looks(self.notify, [TENANT])

    def presence(self, recipient_id: str) -> Presence:
        """What crisis knows of the recipient's contact points."""
        call = system_call(TENANT, service="crisis", action="")
        book = MongoOnCallBook(self.crisis_store)
        return self.crisis_store.read(call, book.reach).presence(recipient_id)

    def address(self, recipient_id: str) -> str:
        """An address that no other test uses."""
        return f"{recipient_id}@{self.databases['crisis'].replace('_', '-')}.example"

    def texts(self, **filter: Any) -> list[dict[str, Any]]:
        """Inbound texts as they are stored."""
        return list(self.client[self.databases["notify"]].inbound_texts.find(filter))

    def signal(self, patient_id: str, *, signal_id: str = "") -> None:
        """The patient pressed the button; heard as from the broker."""
        event = sessions_pb2.SafetySignalRaised(
            safety_signal_id=signal_id or new_id(), patient_id=patient_id
        )
        self.hear(event)

    def risk(self, patient_id: str) -> None:
        """Answers worry."""
        event = intake_pb2.RiskRaised(
            risk_id=new_id(), patient_id=patient_id, tier=intake_pb2.RISK_TIER_HIGH
        )
        self.hear(event)

    def hear(self, event: Any, *, event_id: str = "") -> None:
        """Crisis hears an event of a service that is not here, once however often it comes."""
        once = EventOnce(f"crisis.{type(event).__name__}", event_id or new_id(), 1)
        actor = Actor("service:peer", frozenset({Role.WORKLOAD}))
        call = Call(TENANT, actor, "event.test", once, Deadline.after(20))
        try:
            self.crisis.consumers[type(event)](call, event)
        except AlreadyDone:
            return

    def acknowledge(self, case_id: str, by: str = "dr-one") -> None:
        """A clinician takes the case."""
        self.crisis.cases.acknowledge(self.staff(by), AcknowledgeCase(case_id))

    def contact(self, case_id: str, by: str = "dr-one") -> None:
        """A clinician reaches the patient."""
        self.crisis.cases.record_contact(self.staff(by), RecordContact(case_id, "phone"))

    def resolve(self, case_id: str, by: str = "dr-two") -> None:
        """Another clinician ends the case."""
        self.crisis.cases.resolve(self.staff(by), ResolveCase(case_id, "mobile_crisis"))

    def follow_ups(self, **filter: Any) -> list[dict[str, Any]]:
        """Follow-ups as they are stored."""
        return list(self.client[self.databases["crisis"]].follow_ups.find(filter))

    def cases(self, **filter: Any) -> list[dict[str, Any]]:
        """Cases as they are stored."""
        return list(self.client[self.databases["crisis"]].cases.find(filter))

    def case_of(self, patient_id: str) -> dict[str, Any]:
        """The patient's one case."""
        (case,) = self.cases(patient_id=patient_id)
        return case

    def timeline_of(self, patient_id: str) -> Sequence[Act]:
        """What happened to the patient's one case, as staff read it."""
        case_id = self.case_of(patient_id)["_id"]
        return self.crisis.case_queries.get(self.staff("boss"), case_id)[1]

    def messages(self, **filter: Any) -> list[dict[str, Any]]:
        """Messages as they are stored, oldest first."""
        found = self.client[self.databases["notify"]].messages.find(filter)
        return sorted(found, key=lambda message: message["accept_time"])

    def at_once(self, acts: Sequence[Callable[[], object]]) -> list[HavenError | None]:
        """Do all of it at the same moment; how each ended."""
        gate = threading.Barrier(len(acts))

        def run(act: Callable[[], object]) -> HavenError | None:
            gate.wait(10)
            try:
                act()
            except HavenError as error:
                return error
            return None

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts))


class Post:
    """Carries what one service publishes to the other: crisis class on commit, the rest soon."""

    def __init__(self, ward: Ward) -> None:
        self._catalogue = load_catalogue(("intake", "scheduling", "sessions", "crisis", "notify"))
        self._consumers = {"crisis": ward.crisis.consumers, "notify": ward.notify.consumers}
        self._stores = (ward.crisis_store, ward.notify_store)
        for store in self._stores:
            store.after_commit = lambda rows, store=store: self._carry(store, rows)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(POST_SECONDS):
            for store in self._stores:
                for message_class in MessageClass:
                    self._carry(store, store.pending(message_class, 100))

    def _carry(self, store: Store, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            spec = self._catalogue.events[row.type]
            for consumer in set(spec.consumers) & set(self._consumers):
                self._deliver(row, consumer)
            store.mark_published([row.event_id])

    def _deliver(self, row: OutboxRow, consumer: str) -> None:
        spec = self._catalogue.events[row.type]
        handlers: dict[type[Message], Any] = dict(self._consumers[consumer])
        receive(
            envelope_of(row),
            spec,
            handlers[spec.message],
            consumer=consumer,
            now=row.create_time,
            deadline=Deadline.after(20),
        )


def _uri_of(client: MongoClient[dict[str, Any]]) -> str:
    host, port = client.address or ("", 0)
    return f"mongodb://{host}:{port}/?directConnection=true"


def rung_of(rotation: str, wait: timedelta = WAIT) -> Rung:
    """Whoever is on call in the rotation."""
    return Rung(wait, (Target(TargetKind.ROTATION, rotation),))
