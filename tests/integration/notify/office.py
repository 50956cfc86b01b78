"""Notify over a real database and a real mail server, without its processes around it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2
from pymongo import MongoClient

from chassis.call import Actor, Call, EventOnce, Role, system_call
from chassis.clock import DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement, make_master_key
from chassis.deadline import Deadline
from chassis.errors import HavenError, is_retryable
from chassis.ids import new_id
from chassis.store import CHASSIS_INDEXES, Store, connect
from services.notify.bootstrap import bootstrap
from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider, SmtpServer
from services.notify.ports import Dispatch, Receipt
from services.notify.store import INDEXES, MESSAGES
from services.notify.timers import due_work
from tests.tenant_guard import TenantGuard

TENANT = "river"
# Correctness must not depend on the hour at which the tests run.
ALL_DAY = ConsentPolicy(allowed_from_hour=0, allowed_until_hour=24, plausible_zones=("UTC",))
MOST_TRIES = 20


class Texts:
    """Takes every text."""

    name = "texts"

    def __init__(self) -> None:
        self.taken: list[Dispatch] = []

    def send(self, dispatch: Dispatch) -> Receipt:
        """Take it."""
        self.taken.append(dispatch)
        return Receipt(self.name)


class Office:
    """One deployment of notify for one test."""

    def __init__(
        self, client: MongoClient[dict[str, Any]], *, name: str, smtp_uri: str, folder: Path
    ) -> None:
        management = KeyManagement.of_file(make_master_key(folder / "master.key"))
        self.cipher = FieldCipher(client, management, key_vault=f"{name}_keys.data_keys")
        self.database, self._keys, self._client = client[name], f"{name}_keys", client
        self.guard = TenantGuard()
        host, port = client.address or ("", 0)
        uri = f"mongodb://{host}:{port}/?directConnection=true"
        self._watched = connect(uri, app_name="tests", pool_size=32, listeners=[self.guard])
        clock = DatabaseClock(client)
        self.store = Store(self._watched, name, service="notify", clock=clock)
        self.store.ensure_indexes((*CHASSIS_INDEXES, *INDEXES))
        policy, self.texts = NotifyPolicy(consent=ALL_DAY), Texts()
        self.notify = bootstrap(
            store=self.store,
            policy_of=lambda _: policy,
            cipher=self.cipher,
            providers={
                Channel.EMAIL: SmtpProvider("smtp", SmtpMailer(SmtpServer.of(smtp_uri))),
                Channel.SMS: self.texts,
            },
        )

    def close(self) -> None:
        """End everything; the test's fixture drops the database."""
        self.store.close()
        self.cipher.close()
        self._watched.close()
        self._client.drop_database(self._keys)

    def call(self, subject: str = "boss", *roles: Role) -> Call:
        """A person's call."""
        actor = Actor(subject, frozenset(roles or (Role.ADMINISTRATOR,)))
        return Call(TENANT, actor, "test.act", None, Deadline.after(20))

    def hear(self, event: Any, *, version: int = 1) -> None:
        """An event arrives."""
        once = EventOnce(f"notify.{type(event).__name__}", new_id(), version)
        actor = Actor("service:peer", frozenset({Role.WORKLOAD}))
        call = Call(TENANT, actor, "event.test", once, Deadline.after(20))
        self.notify.consumers[type(event)](call, event)

    def known(self, patient_id: str, number: str, email: str = "") -> None:
        """Intake told how a patient is reached."""
        event = intake_pb2.PatientContactRecorded(
            patient_id=patient_id,
            email_ciphertext=self.cipher.encrypt(TENANT, email) if email else b"",
            phone_ciphertext=self.cipher.encrypt(TENANT, number),
            time_zone="UTC",
        )
        self.hear(event)

    def text(self, words: str, *, by: str, id: str = "") -> None:
        """Somebody writes; a provider repeats what it was not answered for."""
        incoming = InboundText("twilio", id or new_id(), by, words)
        self.persist(lambda: self.notify.inbound.take(self.call(), incoming))

    def send_due(self) -> None:
        """Whatever is due is tried once."""
        for work in due_work(self.notify):
            if work.collection == MESSAGES:
                for tenant_id, id in self.store.due(MESSAGES, work.field, limit=100):
                    call = system_call(tenant_id, service="notify", action=f"timer.{work.name}")
                    self.persist(partial(work.handle, call, id))

    def remind(self, planned_id: str) -> None:
        """A session's time has come."""
        (work,) = [each for each in due_work(self.notify) if each.name == "session-reminders"]
        call = system_call(TENANT, service="notify", action="timer.session-reminders")
        self.persist(lambda: work.handle(call, planned_id))

    def persist(self, act: Callable[[], object]) -> None:
        """As every caller does: what lost a race is done again."""
        for _ in range(MOST_TRIES):
            try:
                act()
            except HavenError as error:
                if not is_retryable(error):
                    raise
            else:
                return
        raise AssertionError("still contended")

    def at_once(self, acts: Sequence[Callable[[], object]]) -> None:
        """All of it at the same moment."""
        gate = threading.Barrier(len(acts))

        def run(act: Callable[[], object]) -> None:
            gate.wait(10)
            act()

        with ThreadPoolExecutor(len(acts)) as pool:
            list(pool.map(run, acts))

    def rows(self, collection: str, **filter: Any) -> list[dict[str, Any]]:
        """Documents as they are stored, oldest first."""
        return list(self.database[collection].find(filter).sort("create_time", 1))
