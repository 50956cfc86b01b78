"""Who takes what crisis hears, whichever way it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.inbound import Handler
from services.crisis.codec import inbound, messages, rooms
from services.crisis.handlers.absences import Absences
from services.crisis.handlers.answers import Answers
from services.crisis.handlers.cases import Cases
from services.crisis.handlers.copies import Records
from services.crisis.handlers.held_rooms import HeldRooms
from services.crisis.handlers.holds import Holds
from services.crisis.handlers.on_call import OnCall


@dataclass(frozen=True)
class LiveRooms:
    """Who takes what happens around live rooms without being a case."""

    absences: Absences
    holds: Holds
    held_rooms: HeldRooms


def consumers(
    cases: Cases,
    records: Records,
    live: LiveRooms,
    answers: Answers,
    on_call: OnCall,
) -> Mapping[type[Message], Handler]:
    """By the event, the use case that takes it."""
    return {
        intake_pb2.RiskRaised: _by(messages.signal_of_risk, cases.take),
        intake_pb2.ScreeningCompleted: _by(messages.screening, records.keep_screening),
        intake_pb2.PatientDischarged: _by(messages.discharge, records.follow_discharge),
        intake_pb2.EmergencyContactRecorded: _by(messages.emergency_contact, records.keep_contact),
        sessions_pb2.SafetySignalRaised: _by(rooms.signal_of_safety, cases.take),
        sessions_pb2.ChatRiskRaised: _by(rooms.signal_of_chat, cases.take),
        sessions_pb2.EndangeredPatientLeft: _by(rooms.signal_of_departure, cases.take),
        sessions_pb2.PatientAbsent: _by(rooms.absence, live.absences.take),
        sessions_pb2.AbsentPatientCame: _by(rooms.arrival, live.absences.end),
        sessions_pb2.EndangeredPatientAtDoor: _by(rooms.signal_of_door, cases.take),
        sessions_pb2.RoomHeld: _by(rooms.held_room, live.held_rooms.call),
        sessions_pb2.PatientHeld: _by(rooms.hold, live.holds.take),
        sessions_pb2.HeldPatientServed: _by(rooms.end_of_hold, live.holds.end),
        intake_pb2.LocationRecorded: _by(messages.recorded_location, records.keep_location),
        sessions_pb2.LocationAttested: _by(rooms.location, records.keep_location),
        notify_pb2.MessageDelivered: _by(messages.page_delivered, cases.page_delivered),
        notify_pb2.MessageFailed: _by(messages.page_failed, cases.page_failed),
        notify_pb2.InboundRiskRaised: _by(inbound.signal_of_text, cases.take),
        notify_pb2.InboundReviewRequested: _by(inbound.text_to_read, records.keep_text),
        notify_pb2.StaffReachChanged: _by(inbound.reach_of_staff, on_call.keep_reach),
        notify_pb2.PageAnswered: _by(messages.page_answered, answers.hear),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], Any]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
