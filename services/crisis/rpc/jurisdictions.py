"""JurisdictionService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import jurisdictions_pb2, jurisdictions_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import aftercare_answers as answers
from services.crisis.codec import aftercare_wire as wire

SERVICE = jurisdictions_pb2.DESCRIPTOR.services_by_name["JurisdictionService"]


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = jurisdictions_pb2_grpc.add_JurisdictionServiceServicer_to_server
    return Served(add, JurisdictionServicer(crisis, bridge), SERVICE)


class JurisdictionServicer(jurisdictions_pb2_grpc.JurisdictionServiceServicer):
    """Decodes, runs and encodes; knows nothing of places."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._care = crisis.care
        self._run = bridge.run

    async def PutLocalNumbers(
        self, request: jurisdictions_pb2.PutLocalNumbersRequest, context: Context
    ) -> jurisdictions_pb2.PutLocalNumbersResponse:
        return await self._run(
            request,
            context,
            decode=wire.put_numbers,
            handle=self._care.jurisdictions.put_numbers,
            encode=answers.put_numbers,
        )

    async def PutDutyToWarn(
        self, request: jurisdictions_pb2.PutDutyToWarnRequest, context: Context
    ) -> jurisdictions_pb2.PutDutyToWarnResponse:
        return await self._run(
            request,
            context,
            decode=wire.put_duty,
            handle=self._care.jurisdictions.put_duty,
            encode=answers.put_duty,
        )

    async def GetJurisdiction(
        self, request: jurisdictions_pb2.GetJurisdictionRequest, context: Context
    ) -> jurisdictions_pb2.GetJurisdictionResponse:
        return await self._run(
            request,
            context,
            decode=wire.state,
            handle=self._care.places.get,
            encode=answers.get_jurisdiction,
        )
