"""Care plans."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import care_plans as care_plans_requests
from services.intake.codec.requests import people as people_requests
from services.intake.codec.responses import care_plans as care_plans_responses


class CarePlanMethods:
    """Care plans. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def CreateCarePlan(
        self, request: wire.CreateCarePlanRequest, context: Context
    ) -> wire.CreateCarePlanResponse:
        return await self._run(
            request,
            context,
            decode=care_plans_requests.create_care_plan,
            handle=self._intake.care_plans.create,
            encode=care_plans_responses.create_care_plan,
        )

    async def SignCarePlan(
        self, request: wire.SignCarePlanRequest, context: Context
    ) -> wire.SignCarePlanResponse:
        return await self._run(
            request,
            context,
            decode=care_plans_requests.sign_care_plan,
            handle=self._intake.care_plans.sign,
            encode=care_plans_responses.sign_care_plan,
        )

    async def ActivateCarePlan(
        self, request: wire.ActivateCarePlanRequest, context: Context
    ) -> wire.ActivateCarePlanResponse:
        return await self._run(
            request,
            context,
            decode=care_plans_requests.activate_care_plan,
            handle=self._intake.care_plans.activate,
            encode=care_plans_responses.activate_care_plan,
        )

    async def GetCarePlan(
        self, request: wire.GetCarePlanRequest, context: Context
    ) -> wire.GetCarePlanResponse:
        return await self._run(
            request,
            context,
            decode=care_plans_requests.get_care_plan,
            handle=self._intake.charts.care_plan,
            encode=care_plans_responses.get_care_plan,
        )

    async def ListCarePlans(
        self, request: wire.ListCarePlansRequest, context: Context
    ) -> wire.ListCarePlansResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_page,
            handle=self._intake.charts.care_plans,
            encode=care_plans_responses.list_care_plans,
        )
