"""SafetyPlanService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import safety_plans_pb2, safety_plans_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import aftercare_answers as answers
from services.crisis.codec import aftercare_wire as wire

SERVICE = safety_plans_pb2.DESCRIPTOR.services_by_name["SafetyPlanService"]


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = safety_plans_pb2_grpc.add_SafetyPlanServiceServicer_to_server
    return Served(add, SafetyPlanServicer(crisis, bridge), SERVICE)


class SafetyPlanServicer(safety_plans_pb2_grpc.SafetyPlanServiceServicer):
    """Decodes, runs and encodes; knows nothing of safety plans."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._care = crisis.care
        self._run = bridge.run

    async def ReviseSafetyPlan(
        self, request: safety_plans_pb2.ReviseSafetyPlanRequest, context: Context
    ) -> safety_plans_pb2.ReviseSafetyPlanResponse:
        return await self._run(
            request,
            context,
            decode=wire.revise_plan,
            handle=self._care.safety_plans.revise,
            encode=answers.revise_plan,
        )

    async def ReviewSafetyPlan(
        self, request: safety_plans_pb2.ReviewSafetyPlanRequest, context: Context
    ) -> safety_plans_pb2.ReviewSafetyPlanResponse:
        return await self._run(
            request,
            context,
            decode=wire.review_plan,
            handle=self._care.safety_plans.confirm,
            encode=answers.review_plan,
        )

    async def GetSafetyPlan(
        self, request: safety_plans_pb2.GetSafetyPlanRequest, context: Context
    ) -> safety_plans_pb2.GetSafetyPlanResponse:
        return await self._run(
            request,
            context,
            decode=wire.get_plan,
            handle=self._care.safety_plan_queries.get,
            encode=answers.get_plan,
        )

    async def GetSafetyPlanVersion(
        self, request: safety_plans_pb2.GetSafetyPlanVersionRequest, context: Context
    ) -> safety_plans_pb2.GetSafetyPlanVersionResponse:
        return await self._run(
            request,
            context,
            decode=wire.get_plan_version,
            handle=self._care.safety_plan_queries.get,
            encode=answers.get_plan_version,
        )

    async def ListSafetyPlanVersions(
        self, request: safety_plans_pb2.ListSafetyPlanVersionsRequest, context: Context
    ) -> safety_plans_pb2.ListSafetyPlanVersionsResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_plan_versions,
            handle=self._care.safety_plan_queries.page,
            encode=answers.list_plan_versions,
        )
