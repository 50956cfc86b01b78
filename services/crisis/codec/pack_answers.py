"""An emergency pack as a response."""

from __future__ import annotations

from haven.crisis.v1 import crisis_pb2, resources_pb2

from services.crisis.codec.aftercare_answers import open_plan, tell_help
from services.crisis.domain.pack import Contact, EmergencyPack, Place


def emergency_pack(pack: EmergencyPack) -> crisis_pb2.GetEmergencyPackResponse:
    """Where to send help, and whom to call."""
    answer = crisis_pb2.GetEmergencyPackResponse()
    told = answer.emergency_pack
    told.case_id, told.patient_id = pack.case_id, pack.patient_id
    told.is_location_changed = pack.is_location_changed
    told.sender_number = pack.sender_number
    told.unreadable_fields.extend(pack.unreadable)
    if pack.newest is not None:
        told.newest_location.CopyFrom(_place(pack.newest, pack))
    if pack.at_signal is not None:
        told.signal_location.CopyFrom(_place(pack.at_signal, pack))
    if pack.contact is not None:
        told.emergency_contact.CopyFrom(_contact(pack.contact, pack))
    tell_help(told, pack.help)
    if pack.plan is not None:
        told.safety_plan.CopyFrom(open_plan(pack.plan))
    told.missing_parts.extend(pack.missing)
    told.awaited_parts.extend(pack.awaited)
    return answer


def _contact(contact: Contact, pack: EmergencyPack) -> resources_pb2.EmergencyContact:
    message = resources_pb2.EmergencyContact(
        name=contact.name,
        phone=contact.phone,
        has_release=contact.has_release,
        is_stale=contact.is_stale(pack.now, pack.fresh),
    )
    if contact.record_time is not None:
        message.record_time.FromDatetime(contact.record_time)
    return message


def _place(place: Place, pack: EmergencyPack) -> resources_pb2.EmergencyLocation:
    message = resources_pb2.EmergencyLocation(
        state=place.state,
        address=place.address,
        callback_number=place.callback_number,
        local_emergency_number=place.local_emergency_number,
        others_present=place.others_present,
        disconnection_plan=place.disconnection_plan,
        is_stale=place.is_stale(pack.now, pack.fresh),
    )
    message.attest_time.FromDatetime(place.attest_time)
    return message
