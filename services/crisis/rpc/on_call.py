"""OnCallService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import on_call_pb2, on_call_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import on_call as codec

SERVICE = on_call_pb2.DESCRIPTOR.services_by_name["OnCallService"]


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = on_call_pb2_grpc.add_OnCallServiceServicer_to_server
    return Served(add, OnCallServicer(crisis, bridge), SERVICE)


class OnCallServicer(on_call_pb2_grpc.OnCallServiceServicer):
    """Decodes, runs and encodes; knows nothing of turns."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._crisis = crisis
        self._run = bridge.run

    async def ListShifts(
        self, request: on_call_pb2.ListShiftsRequest, context: Context
    ) -> on_call_pb2.ListShiftsResponse:
        return await self._run(
            request,
            context,
            decode=codec.list_shifts_request,
            handle=self._crisis.on_call_queries.shifts,
            encode=codec.list_shifts,
        )

    async def WhoIsOnCallNow(
        self, request: on_call_pb2.WhoIsOnCallNowRequest, context: Context
    ) -> on_call_pb2.WhoIsOnCallNowResponse:
        return await self._run(
            request,
            context,
            decode=codec.severity,
            handle=self._crisis.on_call_queries.ladder,
            encode=codec.who_is_on_call_now,
        )

    async def ListCoverageGaps(
        self, request: on_call_pb2.ListCoverageGapsRequest, context: Context
    ) -> on_call_pb2.ListCoverageGapsResponse:
        return await self._run(
            request,
            context,
            decode=codec.rotation_id,
            handle=self._crisis.on_call_queries.gaps,
            encode=codec.list_coverage_gaps,
        )

    async def OptOut(
        self, request: on_call_pb2.OptOutRequest, context: Context
    ) -> on_call_pb2.OptOutResponse:
        return await self._run(
            request,
            context,
            decode=codec.opt_out_request,
            handle=self._crisis.on_call.opt_out,
            encode=codec.opt_out,
        )

    async def CancelOptOut(
        self, request: on_call_pb2.CancelOptOutRequest, context: Context
    ) -> on_call_pb2.CancelOptOutResponse:
        return await self._run(
            request,
            context,
            decode=codec.opt_out_id,
            handle=self._crisis.on_call.cancel,
            encode=codec.cancel_opt_out,
        )

    async def ListOptOuts(
        self, request: on_call_pb2.ListOptOutsRequest, context: Context
    ) -> on_call_pb2.ListOptOutsResponse:
        return await self._run(
            request,
            context,
            decode=codec.list_opt_outs_request,
            handle=self._crisis.on_call_queries.opt_outs,
            encode=codec.list_opt_outs,
        )
