"""The service on a store in memory, and short ways to make things happen in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import Actor, Call, EventOnce, RequestOnce, Role
from chassis.clock import FixedClock
from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition, NotFound
from chassis.tenants import Tenants
from services.sessions.bootstrap import Sessions, bootstrap, policies_of
from services.sessions.codec.attested import timestamp
from services.sessions.domain.commands import (
    AttestLocation,
    Connected,
    Enter,
    GiveMood,
    Lead,
    RaiseSignal,
    Say,
)
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.views import Admission, SignalView
from services.sessions.handlers.pulses import Heartbeat
from services.sessions.store import INDEXES
from services.sessions.timers import due_work
from tests.fakes.memory_store import MemoryStore
from tests.unit.sessions.builders import NOON

TENANT = "north"


class PlainCipher:
    """Marks what was encrypted, so that a test can see it."""

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        return f"{tenant_id}:{text[::-1]}".encode()

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        return ciphertext.decode().removeprefix(f"{tenant_id}:")[::-1]


def a_call(subject: str, *roles: Role, tenant_id: str = TENANT, action: str = "test.act") -> Call:
    actor = Actor(subject, frozenset(roles or {Role.PATIENT}))
    return Call(tenant_id, actor, action, None, Deadline.after(30))


def by_patient(patient_id: str = "p-1") -> Call:
    return a_call(patient_id, Role.PATIENT)


def by_facilitator(clinician_id: str = "f-1") -> Call:
    return a_call(clinician_id, Role.CLINICIAN)


def a_ticket(sessions: Sessions, call: Call, session_id: str = "s-1", request_id: str = "") -> str:
    """A ticket for this person; none where the door will refuse them for what they are."""
    once = RequestOnce(request_id or str(uuid4()), "CreateJoinTicket", b"", bytes)
    try:
        return sessions.tickets.create(replace(call, once=once), Lead(session_id)).join_ticket
    except (NotFound, FailedPrecondition):
        return ""


@dataclass
class Ward:
    """The sessions service as of noon, in memory."""

    numbers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = FixedClock(NOON)
        self.store = MemoryStore(service="sessions", clock=self.clock, indexes=INDEXES)
        tenants = Tenants({TENANT: {"sessions": self.numbers}, "south": {}})
        self.sessions: Sessions = bootstrap(
            store=self.store, policies=policies_of(tenants), cipher=PlainCipher()
        )
        self._connections = 0

    def pass_time(self, **parts: float) -> None:
        self.clock.advance(timedelta(**parts))

    def hears(self, message: Message, version: int = 1, tenant_id: str = TENANT) -> None:
        """An event arrives, as worker or api would hand it over."""
        actor = Actor("service:other", frozenset({Role.WORKLOAD}))
        once = EventOnce("queue", str(uuid4()), version)
        call = Call(tenant_id, actor, "event.heard", once, Deadline.after(30))
        self.sessions.consumers[type(message)](call, message)

    def schedules(self, version: int = 1, **changes: Any) -> None:
        """A session s-1 of group g-1, led by f-1, from noon."""
        start: datetime = changes.pop("start_time", NOON)
        values: dict[str, Any] = {
            "session_id": "s-1",
            "group_id": "g-1",
            "facilitator_id": "f-1",
            "patient_ids": ["p-1", "p-2"],
            "start_time": timestamp(start),
            "end_time": timestamp(start + timedelta(minutes=200)),
            "counted_minutes": 180,
            "break_minutes": 20,
            "facilitator_states": ["VA"],
        }
        self.hears(scheduling.SessionScheduled(**{**values, **changes}), version)

    def names(self, patient_id: str, alias: str) -> None:
        given = intake.AliasAssigned(patient_id=patient_id, group_id="g-1", alias=alias)
        self.hears(given)

    def attests(self, patient_id: str = "p-1", state: str = "VA", **parts: str) -> str:
        place = AttestLocation(patient_id, state, "12 Elm Street", "+1 555 0100", **parts)
        return self.sessions.attestations.attest(by_patient(patient_id), place).location.id

    def moves(self, state: str, patient_id: str = "p-1") -> None:
        """A second later the patient sits elsewhere, and says so."""
        self.pass_time(seconds=1)
        self.attests(patient_id, state)

    def prepares(self) -> None:
        """Two patients could come, as Blue Heron 4 and Red Fox 7; nobody has."""
        self.schedules()
        for patient_id, alias in (("p-1", "Blue Heron 4"), ("p-2", "Red Fox 7")):
            self.names(patient_id, alias)
            self.attests(patient_id)

    def starts(self) -> None:
        self.sessions.rooms.start(by_facilitator(), Lead("s-1"))

    def opens(self) -> None:
        """Prepared, and the facilitator has opened the room."""
        self.prepares()
        self.starts()

    def ticket(self, call: Call, session_id: str = "s-1", request_id: str = "") -> str:
        return a_ticket(self.sessions, call, session_id, request_id)

    def enters(self, call: Call, connection_id: str = "", **changes: Any) -> Admission:
        self._connections += 1
        connection_id = connection_id or f"c-{self._connections}"
        values = {"room_cursor": 0, "private_cursor": None, **changes}
        if not values.keys() & {"join_ticket", "resume_token", "is_again"}:
            values["join_ticket"] = self.ticket(call)
        return self.sessions.doors.enter(call, Enter("s-1", connection_id, **values))

    def beats(self, call: Call, connection_id: str) -> None:
        """As a replica does it: with others, and by itself where it is no everyday one."""
        command = Connected("s-1", connection_id)
        (is_stored,) = self.sessions.pulses.beat_all([Heartbeat(call, command)])
        if not is_stored:
            self.sessions.presences.beat(call, command)

    def leaves(self, call: Call, connection_id: str) -> None:
        self.sessions.presences.leave(call, Connected("s-1", connection_id))

    def says(self, call: Call, text: str) -> int:
        return self.sessions.chats.say(call, Say("s-1", text)).number

    def feels(self, call: Call, value: int | None, *, ask_number: int = 0) -> MoodCheckIn:
        return self.sessions.moods.give(call, GiveMood("s-1", value, ask_number))

    def presses(self, call: Call, *, key: str = "", **changes: str) -> SignalView:
        command = RaiseSignal(
            key or str(uuid4()),
            changes.get("patient_id", call.actor.subject),
            changes.get("session_id", "s-1"),
        )
        signals = self.sessions.signals
        (outcome,) = signals.raise_all([signals.prepare(call, command)])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def room(self, after: int = 0) -> list[RoomEvent]:
        return self.sessions.room_log.after(TENANT, "s-1", after, 1000)

    def private(self, person_id: str) -> list[PrivateEvent]:
        return self.sessions.private_log.after(TENANT, person_id, 0, 1000)

    def rings(self, *, only: str = "") -> None:
        """What is due now is done, as the relay would."""
        for work in due_work(self.sessions):
            if only and work.name != only:
                continue
            for tenant_id, key in self.store.due(work.collection, work.field, limit=100):
                work.handle(a_call("service:sessions", Role.WORKLOAD, tenant_id=tenant_id), key)

    def opens_case(self, signal_id: str, *, case_id: str = "k-1", version: int = 1) -> None:
        self.hears(
            crisis.CaseOpened(
                case_id=case_id,
                patient_id="p-1",
                severity=crisis.SEVERITY_HIGH,
                safety_signal_id=signal_id,
                open_time=timestamp(self.clock.now()),
            ),
            version,
        )
