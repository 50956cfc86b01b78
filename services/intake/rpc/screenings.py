"""Instruments and screenings."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import screenings as screenings_requests
from services.intake.codec.responses import screenings as screenings_responses
from services.intake.codec.responses.admissions import with_admission


class ScreeningMethods:
    """Instruments and screenings. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def ListInstruments(
        self, request: wire.ListInstrumentsRequest, context: Context
    ) -> wire.ListInstrumentsResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.list_instruments,
            handle=self._intake.charts.instruments,
            encode=screenings_responses.list_instruments,
        )

    async def StartScreening(
        self, request: wire.StartScreeningRequest, context: Context
    ) -> wire.StartScreeningResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.start_screening,
            handle=self._intake.screenings.start,
            encode=screenings_responses.start_screening,
        )

    async def RecordAnswers(
        self, request: wire.RecordAnswersRequest, context: Context
    ) -> wire.RecordAnswersResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.record_answers,
            handle=self._intake.screenings.record_answers,
            encode=screenings_responses.record_answers,
        )

    async def SubmitScreening(
        self, request: wire.SubmitScreeningRequest, context: Context
    ) -> wire.SubmitScreeningResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.submit_screening,
            handle=self._intake.screenings.submit,
            encode=screenings_responses.submit_screening,
        )

    async def CompleteScreening(
        self, request: wire.CompleteScreeningRequest, context: Context
    ) -> wire.CompleteScreeningResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.complete_screening,
            handle=self._intake.screenings.complete,
            encode=screenings_responses.complete_screening,
        )

    async def GetScreening(
        self, request: wire.GetScreeningRequest, context: Context
    ) -> wire.GetScreeningResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.get_screening,
            handle=self._intake.charts.screening,
            encode=screenings_responses.get_screening,
        )

    async def ListScreenings(
        self, request: wire.ListScreeningsRequest, context: Context
    ) -> wire.ListScreeningsResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.list_screenings,
            handle=self._intake.charts.screenings,
            encode=screenings_responses.list_screenings,
        )

    async def ResolveRisk(
        self, request: wire.ResolveRiskRequest, context: Context
    ) -> wire.ResolveRiskResponse:
        return await self._run(
            request,
            context,
            decode=screenings_requests.resolve_risk,
            handle=self._intake.admissions.resolve_risk,
            encode=with_admission(wire.ResolveRiskResponse),
        )
