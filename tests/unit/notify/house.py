"""Notify over a store in memory, with a provider that does what the test says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Actor, Call, EventOnce, Role, system_call
from chassis.clock import FixedClock
from chassis.deadline import Deadline
from chassis.errors import HavenError
from chassis.ids import new_id
from chassis.store import Tx
from services.notify.bootstrap import Surroundings, bootstrap
from services.notify.domain.attempt import REPORTING
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.message import Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.ports import Dispatch, Receipt
from services.notify.shelves.directory import MongoDirectory
from services.notify.shelves.wishes import MongoWishes
from services.notify.store import INDEXES, MESSAGES
from services.notify.timers import due_work
from tests.fakes.memory_store import MemoryStore
from tests.unit.notify.builders import NOON, after

TENANT = "river"
NUMBER = "+15555550142"
ADDRESSES = {
    Channel.EMAIL: "lee@staff.example",
    Channel.SMS: NUMBER,
    Channel.VOICE: NUMBER,
    Channel.PUSH: "token-of-an-app-1",
    Channel.WEBHOOK: "https://partner.example/hook",
}


class FakeProvider:
    """Takes everything of its channel, until it is told to fail."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[Dispatch] = []
        self.asked = 0
        self.failure: HavenError | None = None

    def send(self, dispatch: Dispatch) -> Receipt:
        """Take the message, or fail as told; texts and calls get a reference."""
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.taken.append(dispatch)
        is_named = dispatch.channel in REPORTING
        return Receipt(self.name, f"{self.name}-{self.asked}" if is_named else "")


class OpenCipher:
    """A cipher that a test can read."""

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        return f"{tenant_id}:{text}".encode()

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        prefix = f"{tenant_id}:".encode()
        assert ciphertext.startswith(prefix)
        return ciphertext.removeprefix(prefix).decode()


class House:
    """One deployment of notify, its clock in the test's hand."""

    def __init__(self, **numbers: Any) -> None:
        self.clock = FixedClock(NOON)
        self.store = MemoryStore(service="notify", clock=self.clock, indexes=INDEXES)
        self.providers = {channel: FakeProvider(f"{channel.value}-one") for channel in Channel}
        self.provider = self.providers[Channel.EMAIL]
        self.texter = self.providers[Channel.SMS]
        self.cipher = OpenCipher()
        policy = NotifyPolicy(**numbers)
        self.notify = bootstrap(
            store=self.store,
            policy_of=lambda _: policy,
            cipher=self.cipher,
            providers=self.providers,
            surroundings=Surroundings(public_url="https://messages.example", jitter=lambda: 1.0),
        )

    def call(self, subject: str = "boss", *roles: Role, tenant_id: str = TENANT) -> Call:
        """A person's call."""
        actor = Actor(subject, frozenset(roles or (Role.ADMINISTRATOR,)))
        return Call(tenant_id, actor, "test.act", None, Deadline.after(60))

    def hear(
        self, event: Any, *, event_id: str = "", version: int = 1, tenant_id: str = TENANT
    ) -> None:
        """An event arrives, by whichever way."""
        now, consumer = self.clock.now(), f"notify.{type(event).__name__}"
        once = EventOnce(consumer, event_id or new_id(), version, now)
        actor = Actor("service:peer", frozenset({Role.WORKLOAD}))
        call = Call(tenant_id, actor, "event.test", once, Deadline.after(60))
        self.notify.consumers[type(event)](call, event)

    def reachable(self, *recipient_ids: str) -> House:
        """The same house where these members of staff have an address."""
        for recipient_id in recipient_ids:
            self.register(recipient_id, f"{recipient_id}@staff.example")
        return self

    def register(
        self,
        recipient_id: str,
        address: str,
        etag: str = "",
        *,
        channel: Channel = Channel.EMAIL,
        rank: int = 0,
    ) -> Any:
        """An administrator says how somebody is reached."""
        command = RegisterContactPoint(recipient_id, channel, address, etag, rank)
        return self.notify.contacts.register(self.call(), command)

    def reached_by(self, *channels: Channel, recipient_id: str = "dr-one") -> House:
        """The same house where a member of staff has these channels, in this order."""
        for rank, channel in enumerate(channels, start=1):
            self.register(recipient_id, ADDRESSES[channel], channel=channel, rank=rank)
        return self

    def silence(self, *channels: Channel, failure: HavenError) -> None:
        """From now on these channels' providers fail so."""
        for channel in channels:
            self.providers[channel].failure = failure

    def page(
        self,
        recipient_id: str = "dr-one",
        *,
        case_id: str = "c-1",
        page_id: str = "",
        replaced: Sequence[tuple[str, str]] = (),
        **parts: Any,
    ) -> str:
        """Crisis asks for a page that may act for five minutes; its id."""
        page_id = page_id or new_id()
        event = crisis_pb2.PageRequested(
            page_id=page_id, case_id=case_id, recipient_id=recipient_id
        )
        for old_id, old_recipient_id in replaced:
            event.replaced.add(page_id=old_id, recipient_id=old_recipient_id)
        event.expire_time.FromDatetime(self.clock.now() + (after(minutes=5) - NOON))
        self.hear(event, **parts)
        return page_id

    def acknowledged(
        self, case_id: str = "c-1", *, version: int, is_hand_over: bool = False
    ) -> None:
        """A clinician took the case."""
        event = crisis_pb2.CaseAcknowledged(
            case_id=case_id, owner_id="dr-one", is_hand_over=is_hand_over
        )
        self.hear(event, version=version)

    def patient_contact(self, address: str, *, version: int = 1) -> None:
        """Intake said how p-1 is reached."""
        ciphertext = self.cipher.encrypt(TENANT, address) if address else b""
        event = intake_pb2.PatientContactRecorded(
            patient_id="p-1", email_ciphertext=ciphertext, time_zone="UTC"
        )
        self.hear(event, version=version)
        self.prove("p-1", Channel.EMAIL)

    def prove(self, owner_id: str, channel: Channel) -> None:
        """Somebody proved the address at which they are reached by the channel now."""
        wishes, directory = MongoWishes(self.store), MongoDirectory(self.cipher)

        def change(tx: Tx) -> None:
            owner = directory.owner(tx, owner_id)
            assert owner is not None
            wishes.keep_proof(tx, owner, directory.address_key(tx, owner_id, channel))

        self.store.transact(self.call(), change)

    def absence(self, session_id: str = "s-1") -> None:
        """p-1 did not come."""
        event = sessions_pb2.PatientAbsent(session_id=session_id, patient_id="p-1")
        event.notice_time.FromDatetime(self.clock.now())
        self.hear(event)

    def revoked(self, scope: str, *, version: int = 1) -> None:
        """p-1 took a consent back."""
        event = intake_pb2.ConsentRevoked(patient_id="p-1", consent_id="k-1", scope=scope)
        self.hear(event, version=version)

    def signed(self, scope: str, *, version: int, patient_id: str = "p-1") -> None:
        """A patient gave a consent."""
        event = intake_pb2.ConsentRecorded(patient_id=patient_id, consent_id="k-2", scope=scope)
        self.hear(event, version=version)

    def time_passes(self, **parts: float) -> None:
        """The clock moves on; whatever is due then is tried once: pages alone, others together."""
        self.clock.advance(after(**parts) - NOON)
        for work in due_work(self.notify):
            if work.collection != MESSAGES:
                continue
            due: defaultdict[str, list[str]] = defaultdict(list)
            for tenant_id, message_id in self.store.due(MESSAGES, work.field, limit=100):
                due[tenant_id].append(message_id)
            for tenant_id, message_ids in due.items():
                call = system_call(tenant_id, service="notify", action=f"timer.{work.name}")
                if work.handle_all is not None:
                    assert not work.handle_all(call, message_ids)
                    continue
                for message_id in message_ids:
                    work.handle(call, message_id)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every message as it is stored."""
        return self.store.documents(MESSAGES)

    @property
    def states(self) -> list[str]:
        """Where the messages stand, in order of acceptance."""
        return [message["state"] for message in self.messages]

    @property
    def reached(self) -> list[str]:
        """The addresses that got a mail, in order."""
        return [mail.address for mail in self.provider.taken]

    @property
    def ways(self) -> list[str]:
        """By which channels anything left, in order of the attempts that were taken."""
        return [
            each["channel"]
            for message in self.messages
            for each in message["attempts"]
            if each["provider"]
        ]

    @property
    def answered(self) -> list[events_pb2.PageAnswered]:
        """What crisis is told of answers."""
        return self.store.emitted(events_pb2.PageAnswered)

    @property
    def failed(self) -> list[events_pb2.MessageFailed]:
        """What crisis is told of pages that will not arrive."""
        return self.store.emitted(events_pb2.MessageFailed)

    @property
    def delivered(self) -> list[events_pb2.MessageDelivered]:
        """What crisis is told of pages that were handed over."""
        return self.store.emitted(events_pb2.MessageDelivered)
