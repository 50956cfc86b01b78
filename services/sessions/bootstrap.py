"""The service put together: use cases, what it consumes, what falls due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import Call
from chassis.inbound import Handler
from chassis.store import Store
from chassis.tenants import Tenants
from chassis.timers import DueWork
from services.sessions.codec import events
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.handlers.doors import Doors
from services.sessions.handlers.locations import Attestations
from services.sessions.handlers.presence import Presences
from services.sessions.handlers.rooms import Rooms
from services.sessions.handlers.roster import Rosters
from services.sessions.handlers.signals import Signals
from services.sessions.ports import Cipher, Policies
from services.sessions.queries import Following, Queries
from services.sessions.store import SESSIONS, records
from services.sessions.store.shelves import PARTICIPANTS

SERVICE = "sessions"
C = TypeVar("C")


@dataclass(frozen=True)
class Sessions:
    """The use cases of the service, by group."""

    policies: Policies
    rosters: Rosters
    rooms: Rooms
    doors: Doors
    presences: Presences
    attestations: Attestations
    signals: Signals
    queries: Queries
    room_log: Following[RoomEvent]
    private_log: Following[PrivateEvent]

    @property
    def consumers(self) -> Mapping[type[Message], Handler]:
        """What happens here when others publish."""
        rosters, follow = self.rosters, self.signals.follow
        return {
            scheduling.SessionScheduled: _taking(events.schedule_of, rosters.schedule),
            scheduling.SeriesEnrolled: _taking(events.seats_given, rosters.change_seats),
            scheduling.SeatReleased: _taking(events.seats_released, rosters.change_seats),
            intake.AliasAssigned: _taking(events.alias_given, rosters.give_alias),
            intake.ConsentRevoked: _taking(events.consent_lost, rosters.lose_consent),
            crisis.CaseOpened: _taking(events.case_opened, follow),
            crisis.CaseEscalated: _taking(events.case_escalated, follow),
            crisis.CaseAcknowledged: _taking(events.case_acknowledged, follow),
            crisis.CaseContacted: _taking(events.case_contacted, follow),
            crisis.CaseResolved: _taking(events.case_resolved, follow),
        }

    @property
    def due_work(self) -> tuple[DueWork, ...]:
        """What time brings."""
        return (
            DueWork("absence", SESSIONS, "absence_time", self.rooms.look_for_absences),
            DueWork("overrun", SESSIONS, "close_time", self.rooms.close_overrun),
            DueWork("silence", PARTICIPANTS, "silence_time", self.presences.hush),
        )


def bootstrap(tenants: Tenants, *, store: Store, cipher: Cipher) -> Sessions:
    """The service on this store; a fault in a tenant's numbers stops the start."""
    tenants.check(SERVICE, SessionsPolicy)

    def policies(tenant_id: str) -> SessionsPolicy:
        return tenants.policy(tenant_id, SERVICE, SessionsPolicy)

    kept = records(store)
    return Sessions(
        policies=policies,
        rosters=Rosters(store, kept, policies),
        rooms=Rooms(store, kept, policies),
        doors=Doors(store, kept, policies),
        presences=Presences(store, kept, policies),
        attestations=Attestations(store, kept, policies, cipher=cipher),
        signals=Signals(store, kept, policies),
        queries=Queries(store, kept, policies),
        room_log=Following(store, kept.room_log),
        private_log=Following(store, kept.private_log),
    )


def _taking(read: Callable[[Any], C], handle: Callable[[Call, C], None]) -> Handler:
    """The handler of one event: its message as a command, then the use case."""

    def take(call: Call, message: Any) -> None:
        handle(call, read(message))

    return take
