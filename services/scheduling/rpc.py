"""SchedulingService: each method is one use case."""

from __future__ import annotations

from haven.scheduling.v1 import scheduling_pb2 as wire
from haven.scheduling.v1 import scheduling_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.scheduling.bootstrap import Scheduling
from services.scheduling.codec import lookups, requests, responses

SERVICE = wire.DESCRIPTOR.services_by_name["SchedulingService"]


def served(scheduling: Scheduling, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = scheduling_pb2_grpc.add_SchedulingServiceServicer_to_server
    return Served(add, SchedulingServicer(scheduling, bridge), SERVICE)


class SchedulingServicer(scheduling_pb2_grpc.SchedulingServiceServicer):
    """Decodes, runs and encodes; knows nothing of scheduling."""

    def __init__(self, scheduling: Scheduling, bridge: Bridge) -> None:
        self._scheduling = scheduling
        self._run = bridge.run

    async def RegisterClinician(
        self, request: wire.RegisterClinicianRequest, context: Context
    ) -> wire.RegisterClinicianResponse:
        return await self._run(
            request,
            context,
            decode=requests.register_clinician,
            handle=self._scheduling.clinicians.register,
            encode=responses.register_clinician,
        )

    async def AddLicense(
        self, request: wire.AddLicenseRequest, context: Context
    ) -> wire.AddLicenseResponse:
        return await self._run(
            request,
            context,
            decode=requests.add_license,
            handle=self._scheduling.clinicians.add_license,
            encode=responses.add_license,
        )

    async def RevokeLicense(
        self, request: wire.RevokeLicenseRequest, context: Context
    ) -> wire.RevokeLicenseResponse:
        return await self._run(
            request,
            context,
            decode=requests.revoke_license,
            handle=self._scheduling.clinicians.revoke_license,
            encode=responses.revoke_license,
        )

    async def GetClinician(
        self, request: wire.GetClinicianRequest, context: Context
    ) -> wire.GetClinicianResponse:
        return await self._run(
            request,
            context,
            decode=lookups.clinician_id,
            handle=self._scheduling.queries.clinician,
            encode=responses.get_clinician,
        )

    async def ListClinicians(
        self, request: wire.ListCliniciansRequest, context: Context
    ) -> wire.ListCliniciansResponse:
        return await self._run(
            request,
            context,
            decode=lookups.page,
            handle=self._scheduling.queries.clinicians,
            encode=responses.list_clinicians,
        )

    async def CreateGroup(
        self, request: wire.CreateGroupRequest, context: Context
    ) -> wire.CreateGroupResponse:
        return await self._run(
            request,
            context,
            decode=requests.create_group,
            handle=self._scheduling.groups.create,
            encode=responses.create_group,
        )

    async def GetGroup(
        self, request: wire.GetGroupRequest, context: Context
    ) -> wire.GetGroupResponse:
        return await self._run(
            request,
            context,
            decode=lookups.group_id,
            handle=self._scheduling.queries.group,
            encode=responses.get_group,
        )

    async def ListGroups(
        self, request: wire.ListGroupsRequest, context: Context
    ) -> wire.ListGroupsResponse:
        return await self._run(
            request,
            context,
            decode=lookups.page,
            handle=self._scheduling.queries.groups,
            encode=responses.list_groups,
        )

    async def CreateSeries(
        self, request: wire.CreateSeriesRequest, context: Context
    ) -> wire.CreateSeriesResponse:
        return await self._run(
            request,
            context,
            decode=requests.create_series,
            handle=self._scheduling.series.create,
            encode=responses.create_series,
        )

    async def GetSeries(
        self, request: wire.GetSeriesRequest, context: Context
    ) -> wire.GetSeriesResponse:
        return await self._run(
            request,
            context,
            decode=lookups.series_id,
            handle=self._scheduling.queries.series,
            encode=responses.get_series,
        )

    async def ListSeries(
        self, request: wire.ListSeriesRequest, context: Context
    ) -> wire.ListSeriesResponse:
        return await self._run(
            request,
            context,
            decode=lookups.list_series,
            handle=self._scheduling.queries.list_series,
            encode=responses.list_series,
        )

    async def AssignFacilitator(
        self, request: wire.AssignFacilitatorRequest, context: Context
    ) -> wire.AssignFacilitatorResponse:
        return await self._run(
            request,
            context,
            decode=requests.assign_facilitator,
            handle=self._scheduling.series.assign,
            encode=responses.assign_facilitator,
        )

    async def SubstituteFacilitator(
        self, request: wire.SubstituteFacilitatorRequest, context: Context
    ) -> wire.SubstituteFacilitatorResponse:
        return await self._run(
            request,
            context,
            decode=requests.substitute_facilitator,
            handle=self._scheduling.sessions.substitute,
            encode=responses.substitute_facilitator,
        )

    async def AssignCoFacilitators(
        self, request: wire.AssignCoFacilitatorsRequest, context: Context
    ) -> wire.AssignCoFacilitatorsResponse:
        return await self._run(
            request,
            context,
            decode=requests.assign_co_facilitators,
            handle=self._scheduling.sessions.assign_co_facilitators,
            encode=responses.assign_co_facilitators,
        )

    async def EnrollPatient(
        self, request: wire.EnrollPatientRequest, context: Context
    ) -> wire.EnrollPatientResponse:
        return await self._run(
            request,
            context,
            decode=requests.enroll_patient,
            handle=self._scheduling.enrollments.enroll,
            encode=responses.enroll_patient,
        )

    async def CancelEnrollment(
        self, request: wire.CancelEnrollmentRequest, context: Context
    ) -> wire.CancelEnrollmentResponse:
        return await self._run(
            request,
            context,
            decode=requests.cancel_enrollment,
            handle=self._scheduling.enrollments.cancel,
            encode=responses.cancel_enrollment,
        )

    async def GetEnrollment(
        self, request: wire.GetEnrollmentRequest, context: Context
    ) -> wire.GetEnrollmentResponse:
        return await self._run(
            request,
            context,
            decode=lookups.enrollment_id,
            handle=self._scheduling.queries.enrollment,
            encode=responses.get_enrollment,
        )

    async def ListEnrollments(
        self, request: wire.ListEnrollmentsRequest, context: Context
    ) -> wire.ListEnrollmentsResponse:
        return await self._run(
            request,
            context,
            decode=lookups.list_enrollments,
            handle=self._scheduling.queries.enrollments,
            encode=responses.list_enrollments,
        )

    async def ScheduleSession(
        self, request: wire.ScheduleSessionRequest, context: Context
    ) -> wire.ScheduleSessionResponse:
        return await self._run(
            request,
            context,
            decode=requests.schedule_session,
            handle=self._scheduling.sessions.schedule,
            encode=responses.schedule_session,
        )

    async def GetSession(
        self, request: wire.GetSessionRequest, context: Context
    ) -> wire.GetSessionResponse:
        return await self._run(
            request,
            context,
            decode=lookups.session_id,
            handle=self._scheduling.queries.session,
            encode=responses.get_session,
        )

    async def ListSessions(
        self, request: wire.ListSessionsRequest, context: Context
    ) -> wire.ListSessionsResponse:
        return await self._run(
            request,
            context,
            decode=lookups.list_sessions,
            handle=self._scheduling.queries.sessions,
            encode=responses.list_sessions,
        )

    async def CancelSession(
        self, request: wire.CancelSessionRequest, context: Context
    ) -> wire.CancelSessionResponse:
        return await self._run(
            request,
            context,
            decode=requests.cancel_session,
            handle=self._scheduling.sessions.cancel,
            encode=responses.cancel_session,
        )

    async def GetDose(self, request: wire.GetDoseRequest, context: Context) -> wire.GetDoseResponse:
        return await self._run(
            request,
            context,
            decode=lookups.get_dose,
            handle=self._scheduling.queries.dose,
            encode=responses.get_dose,
        )

    async def ListLicenseConflicts(
        self, request: wire.ListLicenseConflictsRequest, context: Context
    ) -> wire.ListLicenseConflictsResponse:
        return await self._run(
            request,
            context,
            decode=lookups.page,
            handle=self._scheduling.queries.license_conflicts,
            encode=responses.list_license_conflicts,
        )
