"""From the requests that only read to what they ask for."""

from __future__ import annotations

from typing import Any

from haven.scheduling.v1 import scheduling_pb2 as wire

from chassis.decode import Fields
from services.scheduling.domain import commands


def clinician_id(request: wire.GetClinicianRequest) -> str:
    """Which clinician."""
    return _id(request, "clinician_id")


def group_id(request: wire.GetGroupRequest) -> str:
    """Which group."""
    return _id(request, "group_id")


def series_id(request: wire.GetSeriesRequest) -> str:
    """Which series."""
    return _id(request, "series_id")


def enrollment_id(request: wire.GetEnrollmentRequest) -> str:
    """Which enrollment."""
    return _id(request, "enrollment_id")


def session_id(request: wire.GetSessionRequest) -> str:
    """Which session."""
    return _id(request, "session_id")


def page(
    request: wire.ListCliniciansRequest | wire.ListGroupsRequest | wire.ListLicenseConflictsRequest,
) -> commands.PageOf:
    """Which page of the whole."""
    return _page(request)


def list_series(request: wire.ListSeriesRequest) -> commands.ListSeries:
    """Which series."""
    fields = Fields(request)
    query = commands.ListSeries(fields.optional_identifier("group_id"), _page(request))
    fields.done()
    return query


def list_enrollments(request: wire.ListEnrollmentsRequest) -> commands.ListEnrollments:
    """Which enrollments."""
    fields = Fields(request)
    query = commands.ListEnrollments(
        patient_id=fields.optional_identifier("patient_id"),
        series_id=fields.optional_identifier("series_id"),
        page=_page(request),
    )
    fields.done()
    return query


def list_sessions(request: wire.ListSessionsRequest) -> commands.ListSessions:
    """Which sessions."""
    fields = Fields(request)
    query = commands.ListSessions(
        patient_id=fields.optional_identifier("patient_id"),
        group_id=fields.optional_identifier("group_id"),
        series_id=fields.optional_identifier("series_id"),
        facilitator_id=fields.optional_identifier("facilitator_id"),
        after_time=fields.optional_timestamp("after_time"),
        before_time=fields.optional_timestamp("before_time"),
        page=_page(request),
    )
    if query.after_time and query.before_time and query.before_time <= query.after_time:
        fields.fault("before_time", "OUT_OF_RANGE", "must be later than after_time")
    fields.done()
    return query


def get_dose(request: wire.GetDoseRequest) -> commands.GetDose:
    """Whose week."""
    fields = Fields(request)
    query = commands.GetDose(fields.identifier("patient_id"), fields.date("date"))
    fields.done()
    return query


def _id(request: Any, name: str) -> str:
    fields = Fields(request)
    found = fields.identifier(name)
    fields.done()
    return found


def _page(request: Any) -> commands.PageOf:
    return commands.PageOf(request.page_size, request.page_token)
