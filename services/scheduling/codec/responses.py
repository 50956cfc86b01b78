"""From a use case's result to its response message."""

from __future__ import annotations

from haven.scheduling.v1 import scheduling_pb2 as wire

from chassis.store import Page
from services.scheduling.codec import resources
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.dose import Dose
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.group import Group
from services.scheduling.domain.series import SeriesView
from services.scheduling.domain.session import Session


def register_clinician(found: Clinician) -> wire.RegisterClinicianResponse:
    """The new clinician."""
    return wire.RegisterClinicianResponse(clinician=resources.clinician(found))


def add_license(found: Clinician) -> wire.AddLicenseResponse:
    """The clinician, and the license added last."""
    added = resources.license_message(found.licenses[-1])
    return wire.AddLicenseResponse(clinician=resources.clinician(found), license=added)


def revoke_license(found: Clinician) -> wire.RevokeLicenseResponse:
    """The clinician."""
    return wire.RevokeLicenseResponse(clinician=resources.clinician(found))


def get_clinician(found: Clinician) -> wire.GetClinicianResponse:
    """The clinician."""
    return wire.GetClinicianResponse(clinician=resources.clinician(found))


def list_clinicians(page: Page[Clinician]) -> wire.ListCliniciansResponse:
    """A page of clinicians."""
    return wire.ListCliniciansResponse(
        clinicians=[resources.clinician(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def create_group(found: Group) -> wire.CreateGroupResponse:
    """The new group."""
    return wire.CreateGroupResponse(group=resources.group(found))


def get_group(found: Group) -> wire.GetGroupResponse:
    """The group."""
    return wire.GetGroupResponse(group=resources.group(found))


def list_groups(page: Page[Group]) -> wire.ListGroupsResponse:
    """A page of groups."""
    return wire.ListGroupsResponse(
        groups=[resources.group(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def create_series(found: SeriesView) -> wire.CreateSeriesResponse:
    """The new series."""
    return wire.CreateSeriesResponse(series=resources.series(found))


def get_series(found: SeriesView) -> wire.GetSeriesResponse:
    """The series."""
    return wire.GetSeriesResponse(series=resources.series(found))


def list_series(page: Page[SeriesView]) -> wire.ListSeriesResponse:
    """A page of series."""
    return wire.ListSeriesResponse(
        series=[resources.series(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def assign_facilitator(found: SeriesView) -> wire.AssignFacilitatorResponse:
    """The series under its new facilitator."""
    return wire.AssignFacilitatorResponse(series=resources.series(found))


def assign_co_facilitators(found: Session) -> wire.AssignCoFacilitatorsResponse:
    """The session with who helps to lead it."""
    return wire.AssignCoFacilitatorsResponse(session=resources.session(found))


def substitute_facilitator(found: Session) -> wire.SubstituteFacilitatorResponse:
    """The session under its new facilitator."""
    return wire.SubstituteFacilitatorResponse(session=resources.session(found))


def enroll_patient(found: Enrollment) -> wire.EnrollPatientResponse:
    """The new enrollment."""
    return wire.EnrollPatientResponse(enrollment=resources.enrollment(found))


def cancel_enrollment(found: Enrollment) -> wire.CancelEnrollmentResponse:
    """The canceled enrollment."""
    return wire.CancelEnrollmentResponse(enrollment=resources.enrollment(found))


def get_enrollment(found: Enrollment) -> wire.GetEnrollmentResponse:
    """The enrollment."""
    return wire.GetEnrollmentResponse(enrollment=resources.enrollment(found))


def list_enrollments(page: Page[Enrollment]) -> wire.ListEnrollmentsResponse:
    """A page of enrollments."""
    return wire.ListEnrollmentsResponse(
        enrollments=[resources.enrollment(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def schedule_session(found: Session) -> wire.ScheduleSessionResponse:
    """The new session."""
    return wire.ScheduleSessionResponse(session=resources.session(found))


def get_session(found: Session) -> wire.GetSessionResponse:
    """The session."""
    return wire.GetSessionResponse(session=resources.session(found))


def list_sessions(page: Page[Session]) -> wire.ListSessionsResponse:
    """A page of sessions."""
    return wire.ListSessionsResponse(
        sessions=[resources.session(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def cancel_session(found: Session) -> wire.CancelSessionResponse:
    """The canceled session."""
    return wire.CancelSessionResponse(session=resources.session(found))


def get_dose(found: Dose) -> wire.GetDoseResponse:
    """The week."""
    return wire.GetDoseResponse(dose=resources.dose(found))


def list_license_conflicts(page: Page[LicenseConflict]) -> wire.ListLicenseConflictsResponse:
    """A page of open conflicts."""
    return wire.ListLicenseConflictsResponse(
        license_conflicts=[resources.license_conflict(each) for each in page.items],
        next_page_token=page.next_page_token,
    )
