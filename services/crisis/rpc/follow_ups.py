"""FollowUpService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import follow_ups_pb2, follow_ups_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import aftercare_answers as answers
from services.crisis.codec import aftercare_wire as wire

SERVICE = follow_ups_pb2.DESCRIPTOR.services_by_name["FollowUpService"]


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = follow_ups_pb2_grpc.add_FollowUpServiceServicer_to_server
    return Served(add, FollowUpServicer(crisis, bridge), SERVICE)


class FollowUpServicer(follow_ups_pb2_grpc.FollowUpServiceServicer):
    """Decodes, runs and encodes; knows nothing of follow-ups."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._care = crisis.care
        self._run = bridge.run

    async def ListFollowUps(
        self, request: follow_ups_pb2.ListFollowUpsRequest, context: Context
    ) -> follow_ups_pb2.ListFollowUpsResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_follow_ups,
            handle=self._care.follow_up_queries.page,
            encode=answers.list_follow_ups,
        )

    async def GetFollowUp(
        self, request: follow_ups_pb2.GetFollowUpRequest, context: Context
    ) -> follow_ups_pb2.GetFollowUpResponse:
        return await self._run(
            request,
            context,
            decode=wire.follow_up_id,
            handle=self._care.follow_up_queries.get,
            encode=answers.get_follow_up,
        )

    async def CompleteFollowUp(
        self, request: follow_ups_pb2.CompleteFollowUpRequest, context: Context
    ) -> follow_ups_pb2.CompleteFollowUpResponse:
        return await self._run(
            request,
            context,
            decode=wire.complete_follow_up,
            handle=self._care.follow_ups.complete,
            encode=answers.complete_follow_up,
        )

    async def ReassignFollowUp(
        self, request: follow_ups_pb2.ReassignFollowUpRequest, context: Context
    ) -> follow_ups_pb2.ReassignFollowUpResponse:
        return await self._run(
            request,
            context,
            decode=wire.reassign_follow_up,
            handle=self._care.follow_ups.reassign,
            encode=answers.reassign_follow_up,
        )

    async def CancelFollowUp(
        self, request: follow_ups_pb2.CancelFollowUpRequest, context: Context
    ) -> follow_ups_pb2.CancelFollowUpResponse:
        return await self._run(
            request,
            context,
            decode=wire.cancel_follow_up,
            handle=self._care.follow_ups.cancel,
            encode=answers.cancel_follow_up,
        )
