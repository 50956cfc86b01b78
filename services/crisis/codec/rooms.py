"""What sessions tells of live rooms: signals, people who went or did not come, and places."""

from __future__ import annotations

from haven.sessions.v1 import events_pb2 as sessions_pb2

from services.crisis.codec.fields import instant, required
from services.crisis.domain import commands
from services.crisis.domain.location import KeepLocation
from services.crisis.domain.signal import Severity, Signal, Source

# ChatRiskRaised says that there is risk; a severity that this release does not know is the highest.
CHAT_SEVERITIES = {
    sessions_pb2.CHAT_RISK_SEVERITY_LOW: Severity.LOW,
    sessions_pb2.CHAT_RISK_SEVERITY_MODERATE: Severity.MODERATE,
    sessions_pb2.CHAT_RISK_SEVERITY_HIGH: Severity.HIGH,
}

# A way of going that this release does not know has gone all the same.
DEPARTURES = {
    sessions_pb2.DEPARTURE_KIND_LEFT: "left",
    sessions_pb2.DEPARTURE_KIND_LOST: "lost",
    sessions_pb2.DEPARTURE_KIND_DISMISSED: "dismissed",
}


def signal_of_safety(event: sessions_pb2.SafetySignalRaised) -> Signal:
    """The private "I am not safe" of a live room; whoever pressed it, it is as high as can be.

    A guest of the room may not have said about whom: somebody is in danger, and who is found out.
    """
    is_known = event.origin != sessions_pb2.SAFETY_SIGNAL_ORIGIN_GUEST or bool(event.patient_id)
    return Signal(
        fact_id=required(event, "safety_signal_id"),
        patient_id=required(event, "patient_id") if is_known else "",
        source=Source.SAFETY_SIGNAL,
        severity=Severity.HIGH,
        reporter_id="service:sessions",
        safety_signal_id=event.safety_signal_id,
        location_id=event.location_id,
        location=_own_location(event),
        raise_time=instant(event.raise_time) if event.HasField("raise_time") else None,
    )


def signal_of_chat(event: sessions_pb2.ChatRiskRaised) -> Signal:
    """What a patient wrote in a live room; its words stay there."""
    return Signal(
        fact_id=required(event, "chat_risk_id"),
        patient_id=required(event, "patient_id"),
        source=Source.CHAT,
        severity=CHAT_SEVERITIES.get(event.severity, Severity.HIGH),
        reporter_id="service:sessions",
        location_id=event.location_id,
        location=_own_location(event),
        raise_time=instant(event.raise_time) if event.HasField("raise_time") else None,
    )


def signal_of_departure(event: sessions_pb2.EndangeredPatientLeft) -> Signal:
    """Somebody who called for help, or for whom help was called, has gone. As high as the call.

    Whose safety signal it is stays with that signal's own event: a case that opens for the
    departure because the signal's ended must not speak for it again.
    """
    return Signal(
        fact_id=required(event, "departure_id"),
        patient_id=required(event, "patient_id"),
        source=Source.PATIENT_LEFT,
        severity=Severity.HIGH,
        reporter_id="service:sessions",
        location_id=event.location.location_id,
        location=_own_location(event),
        raise_time=instant(event.leave_time) if event.HasField("leave_time") else None,
        departure=DEPARTURES.get(event.kind, "left"),
    )


def signal_of_door(event: sessions_pb2.EndangeredPatientAtDoor) -> Signal:
    """Somebody with an open case of high severity came for their group and is not in it."""
    return Signal(
        fact_id=required(event, "door_alarm_id"),
        patient_id=required(event, "patient_id"),
        source=Source.PATIENT_AT_DOOR,
        severity=Severity.HIGH,
        reporter_id="service:sessions",
        location_id=event.location.location_id,
        location=_own_location(event),
        raise_time=instant(event.alarm_time) if event.HasField("alarm_time") else None,
    )


def hold(event: sessions_pb2.PatientHeld) -> commands.TakeHold:
    """A patient came and cannot be served in the group."""
    has_deadline = event.HasField("contact_deadline_time")
    return commands.TakeHold(
        required(event, "hold_id"),
        required(event, "patient_id"),
        instant(event.contact_deadline_time) if has_deadline else None,
    )


def end_of_hold(event: sessions_pb2.HeldPatientServed) -> commands.EndHold:
    """A patient who was held is in the group."""
    return commands.EndHold(required(event, "hold_id"), required(event, "patient_id"))


def absence(event: sessions_pb2.PatientAbsent) -> commands.TakeAbsence:
    """A patient did not come."""
    return commands.TakeAbsence(
        required(event, "session_id"),
        required(event, "patient_id"),
        instant(event.start_time) if event.HasField("start_time") else None,
    )


def held_room(event: sessions_pb2.RoomHeld) -> commands.CoverRoom:
    """A group is without anybody who may treat."""
    return commands.CoverRoom(
        required(event, "session_id"), instant(event.hold_time), tuple(event.clinician_ids)
    )


def arrival(event: sessions_pb2.AbsentPatientCame) -> commands.EndAbsence:
    """A patient whose absence was told came."""
    return commands.EndAbsence(
        event.session_id,
        required(event, "patient_id"),
        instant(event.arrive_time) if event.HasField("arrive_time") else None,
    )


def location(event: sessions_pb2.LocationAttested) -> KeepLocation:
    """Where a patient said to be."""
    return KeepLocation(
        location_id=required(event, "location_id"),
        patient_id=required(event, "patient_id"),
        state=event.state,
        address_ciphertext=event.address_ciphertext,
        callback_number_ciphertext=event.callback_number_ciphertext,
        attest_time=instant(event.attest_time),
        others_present_ciphertext=event.others_present_ciphertext,
        disconnection_plan_ciphertext=event.disconnection_plan_ciphertext,
    )


def _own_location(
    event: sessions_pb2.SafetySignalRaised
    | sessions_pb2.ChatRiskRaised
    | sessions_pb2.EndangeredPatientLeft
    | sessions_pb2.EndangeredPatientAtDoor,
) -> KeepLocation | None:
    """The place that a signal brings along. One that cannot be the patient's is left out, to come
    or not by its own event: nothing about a place holds a signal up."""
    place = event.location
    is_theirs = place.location_id and place.patient_id == event.patient_id
    return location(place) if is_theirs else None
