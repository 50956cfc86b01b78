"""The course of care."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import people as people_requests
from services.intake.codec.responses import course as course_responses


class CourseMethods:
    """The course of care. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def GetEpisode(
        self, request: wire.GetEpisodeRequest, context: Context
    ) -> wire.GetEpisodeResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.patient_id,
            handle=self._intake.course.episode,
            encode=course_responses.get_episode,
        )

    async def ListAttendances(
        self, request: wire.ListAttendancesRequest, context: Context
    ) -> wire.ListAttendancesResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_page,
            handle=self._intake.course.attendances,
            encode=course_responses.list_attendances,
        )

    async def ListAbsences(
        self, request: wire.ListAbsencesRequest, context: Context
    ) -> wire.ListAbsencesResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_page,
            handle=self._intake.course.absences,
            encode=course_responses.list_absences,
        )

    async def ListPatientCases(
        self, request: wire.ListPatientCasesRequest, context: Context
    ) -> wire.ListPatientCasesResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_page,
            handle=self._intake.course.cases,
            encode=course_responses.list_patient_cases,
        )
