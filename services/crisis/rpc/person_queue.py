"""PersonQueueService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import person_queue_pb2, person_queue_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import person_wire as wire

SERVICE = person_queue_pb2.DESCRIPTOR.services_by_name["PersonQueueService"]


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = person_queue_pb2_grpc.add_PersonQueueServiceServicer_to_server
    return Served(add, PersonQueueServicer(crisis, bridge), SERVICE)


class PersonQueueServicer(person_queue_pb2_grpc.PersonQueueServiceServicer):
    """Decodes, runs and encodes; knows nothing of queues."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._care = crisis.care
        self._run = bridge.run

    async def RequestPerson(
        self, request: person_queue_pb2.RequestPersonRequest, context: Context
    ) -> person_queue_pb2.RequestPersonResponse:
        return await self._run(
            request,
            context,
            decode=wire.patient_id,
            handle=self._care.person_queue.request,
            encode=wire.request_person,
        )

    async def GetPersonRequest(
        self, request: person_queue_pb2.GetPersonRequestRequest, context: Context
    ) -> person_queue_pb2.GetPersonRequestResponse:
        return await self._run(
            request,
            context,
            decode=wire.patient_id,
            handle=self._care.person_queue_queries.get,
            encode=wire.get_request,
        )

    async def LeavePersonQueue(
        self, request: person_queue_pb2.LeavePersonQueueRequest, context: Context
    ) -> person_queue_pb2.LeavePersonQueueResponse:
        return await self._run(
            request,
            context,
            decode=wire.patient_id,
            handle=self._care.person_queue.leave,
            encode=wire.leave,
        )

    async def ListPersonRequests(
        self, request: person_queue_pb2.ListPersonRequestsRequest, context: Context
    ) -> person_queue_pb2.ListPersonRequestsResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_requests,
            handle=self._care.person_queue_queries.page,
            encode=wire.listed,
        )

    async def TakeNextPerson(
        self, request: person_queue_pb2.TakeNextPersonRequest, context: Context
    ) -> person_queue_pb2.TakeNextPersonResponse:
        return await self._run(
            request,
            context,
            decode=wire.take_next,
            handle=self._care.person_queue.take_next,
            encode=wire.taken,
        )

    async def FinishPersonRequest(
        self, request: person_queue_pb2.FinishPersonRequestRequest, context: Context
    ) -> person_queue_pb2.FinishPersonRequestResponse:
        return await self._run(
            request,
            context,
            decode=wire.person_request_id,
            handle=self._care.person_queue.finish,
            encode=wire.finish,
        )
