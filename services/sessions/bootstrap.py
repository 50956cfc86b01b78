"""The service put together: its use cases, and what it consumes."""

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
from chassis.process import Process
from chassis.store import Store
from chassis.tenants import Tenants
from services.sessions.codec import assignments as assignments_codec
from services.sessions.codec import events
from services.sessions.domain.board import BoardEvent
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.handlers.asides import Asides
from services.sessions.handlers.assignments import Assignments
from services.sessions.handlers.attendances import Attendances
from services.sessions.handlers.board_reports import BoardReports
from services.sessions.handlers.boards import BoardPosts
from services.sessions.handlers.chats import Chats
from services.sessions.handlers.doors import Doors
from services.sessions.handlers.gestures import Gestures
from services.sessions.handlers.leads import Leads
from services.sessions.handlers.locations import Attestations
from services.sessions.handlers.lots import Lots
from services.sessions.handlers.moderating import Moderating
from services.sessions.handlers.moods import Moods
from services.sessions.handlers.phones import Phones
from services.sessions.handlers.places import Places
from services.sessions.handlers.polls import Polls
from services.sessions.handlers.presence import Presences
from services.sessions.handlers.pulses import Pulses
from services.sessions.handlers.qualities import Qualities
from services.sessions.handlers.rooms import Rooms
from services.sessions.handlers.roster import Rosters
from services.sessions.handlers.signals import Signals
from services.sessions.handlers.tickets import Tickets
from services.sessions.handlers.ushers import Ushers
from services.sessions.handlers.words import Words
from services.sessions.handlers.zones import TimeZones
from services.sessions.ports import Keeper, Policies, Records, assignments
from services.sessions.ports.boards import Boards
from services.sessions.queries import Following, Queries
from services.sessions.queries.assignments import AssignmentQueries
from services.sessions.queries.boards import BoardQueries
from services.sessions.store import records
from services.sessions.store.assignments import AssignmentStore, ZoneStore
from services.sessions.store.boards import boards
from services.sessions.store.signing_key import ATTENDANCE_KEYS, TICKET_KEYS, SigningKey

SERVICE = "sessions"
C = TypeVar("C")


@dataclass(frozen=True)
class BoardCare:
    """The use cases of boards."""

    posts: BoardPosts
    reports: BoardReports
    queries: BoardQueries


@dataclass(frozen=True)
class Sessions:
    """The use cases of the service, by group."""

    policies: Policies
    rosters: Rosters
    rooms: Rooms
    tickets: Tickets
    doors: Doors
    leads: Leads
    asides: Asides
    moderating: Moderating
    phones: Phones
    places: Places
    words: Words
    ushers: Ushers
    presences: Presences
    pulses: Pulses
    chats: Chats
    lots: Lots
    gestures: Gestures
    polls: Polls
    moods: Moods
    qualities: Qualities
    attestations: Attestations
    attendances: Attendances
    signals: Signals
    assignments: Assignments
    assignment_queries: AssignmentQueries
    zones: TimeZones
    boards: BoardCare
    queries: Queries
    room_log: Following[RoomEvent]
    private_log: Following[PrivateEvent]
    board_log: Following[BoardEvent]

    @property
    def consumers(self) -> Mapping[type[Message], Handler]:
        """What happens here when others publish."""
        rosters, follow = self.rosters, self.signals.follow
        return {
            scheduling.SessionScheduled: _taking(events.schedule_of, rosters.schedule),
            scheduling.SeriesEnrolled: _taking(events.seats_given, rosters.change_seats),
            scheduling.SeatReleased: _taking(events.seats_released, rosters.change_seats),
            intake.AliasAssigned: _taking(events.alias_given, rosters.give_alias),
            intake.ConsentRecorded: _taking(events.consent_given, rosters.give_consent),
            intake.ConsentRevoked: _taking(events.consent_lost, rosters.lose_consent),
            intake.PatientContactRecorded: _taking(assignments_codec.zone_known, self.zones.keep),
            crisis.DrillStarted: _taking(events.drill_started, self.signals.raise_for_drill),
            crisis.CaseOpened: _taking(events.case_opened, follow),
            crisis.CaseEscalated: _taking(events.case_escalated, follow),
            crisis.CaseAcknowledged: _taking(events.case_acknowledged, follow),
            crisis.CaseContacted: _taking(events.case_contacted, follow),
            crisis.CaseResolved: _taking(events.case_resolved, follow),
            crisis.DrillForgotten: _taking(events.forget_drill, self.signals.forget_drill),
        }


def bootstrap(*, store: Store, policies: Policies, cipher: Keeper) -> Sessions:
    """The service on this store; tests give their own parts by name."""
    kept, key = records(store), SigningKey(cipher, ATTENDANCE_KEYS)
    book, zones, shelves = AssignmentStore(store), ZoneStore(), boards(store)
    lines = assignments_codec.SealedLines(cipher)
    return Sessions(
        policies=policies,
        rosters=Rosters(store, kept, policies),
        rooms=Rooms(store, kept, policies),
        tickets=Tickets(store, kept, policies, key=SigningKey(cipher, TICKET_KEYS)),
        doors=Doors(store, kept, policies),
        leads=Leads(store, kept, policies),
        asides=Asides(store, kept, policies),
        moderating=Moderating(store, kept, policies),
        phones=Phones(store, kept, policies),
        places=Places(store, kept, policies),
        words=Words(store, kept, policies),
        ushers=Ushers(store, kept, policies),
        presences=Presences(store, kept, policies),
        pulses=Pulses(store, kept, policies),
        chats=Chats(store, kept, policies),
        lots=Lots(store, kept, policies),
        gestures=Gestures(store, kept),
        polls=Polls(store, kept, policies),
        moods=Moods(store, kept, policies),
        qualities=Qualities(store, kept, policies),
        attestations=Attestations(store, kept, policies, cipher=cipher),
        attendances=Attendances(store, kept, policies, key=key),
        signals=Signals(store, kept, policies),
        assignments=Assignments(
            store, kept, policies, kept=assignments.Kept(book, zones, lines, shelves.groups)
        ),
        assignment_queries=AssignmentQueries(store, kept, book=book, lines=lines),
        zones=TimeZones(store, zones),
        queries=Queries(store, kept, policies, key=key),
        room_log=Following(store, kept.room_log),
        private_log=Following(store, kept.private_log),
        boards=_board_care(store, kept, policies, shelves),
        board_log=Following(store, shelves.log),
    )


def _board_care(store: Store, kept: Records, policies: Policies, shelves: Boards) -> BoardCare:
    reports = BoardReports(store, policies, boards=shelves)
    return BoardCare(
        posts=BoardPosts(store, kept, policies, boards=shelves, reports=reports),
        reports=reports,
        queries=BoardQueries(store, shelves),
    )


def of_process(process: Process) -> Sessions:
    """The service as a process runs it; a fault in a tenant's numbers stops the start."""
    process.tenants.check(SERVICE, SessionsPolicy)
    return bootstrap(
        store=process.store, policies=policies_of(process.tenants), cipher=process.cipher
    )


def policies_of(tenants: Tenants) -> Policies:
    """Each tenant's numbers."""
    return lambda tenant_id: tenants.policy(tenant_id, SERVICE, SessionsPolicy)


def _taking(read: Callable[[Any], C], handle: Callable[[Call, C], None]) -> Handler:
    """The handler of one event: its message as a command, then the use case."""

    def take(call: Call, message: Any) -> None:
        handle(call, read(message))

    return take
