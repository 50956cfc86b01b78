"""Instants and attested places as messages: parts of many events."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.domain.events import LocationAttested

EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), 24 * 60 * 60


def timestamp(at: datetime) -> Timestamp:
    """The instant as a message; for every line that is said, so not by way of the calendar."""
    since = at - EPOCH
    return Timestamp(seconds=since.days * DAY + since.seconds, nanos=since.microseconds * 1000)


def location_attested(event: LocationAttested) -> sessions.LocationAttested:
    """Where a patient says to sit; place and number as ciphertext."""
    return sessions.LocationAttested(
        location_id=event.location_id,
        patient_id=event.patient_id,
        state=event.state,
        address_ciphertext=event.address_ciphertext,
        callback_number_ciphertext=event.callback_number_ciphertext,
        attest_time=timestamp(event.attest_time),
        others_present_ciphertext=event.others_present_ciphertext,
        disconnection_plan_ciphertext=event.disconnection_plan_ciphertext,
    )
