"""AssignmentService: each method is one use case."""

from __future__ import annotations

from haven.sessions.v1 import assignments_pb2, assignments_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.sessions.bootstrap import Sessions
from services.sessions.codec import assignments as codec

SERVICE = assignments_pb2.DESCRIPTOR.services_by_name["AssignmentService"]


def served(sessions: Sessions, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = assignments_pb2_grpc.add_AssignmentServiceServicer_to_server
    return Served(add, AssignmentServicer(sessions, bridge), SERVICE)


class AssignmentServicer(assignments_pb2_grpc.AssignmentServiceServicer):
    """Decodes, runs and encodes; knows nothing of assignments."""

    def __init__(self, sessions: Sessions, bridge: Bridge) -> None:
        self._assignments, self._queries = sessions.assignments, sessions.assignment_queries
        self._run = bridge.run

    async def HandOutAssignment(
        self, request: assignments_pb2.HandOutAssignmentRequest, context: Context
    ) -> assignments_pb2.HandOutAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.hand_out,
            handle=self._assignments.hand_out,
            encode=codec.handed_out,
        )

    async def GetAssignment(
        self, request: assignments_pb2.GetAssignmentRequest, context: Context
    ) -> assignments_pb2.GetAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.assignment_id,
            handle=self._queries.get,
            encode=codec.got,
        )

    async def ListAssignments(
        self, request: assignments_pb2.ListAssignmentsRequest, context: Context
    ) -> assignments_pb2.ListAssignmentsResponse:
        return await self._run(
            request,
            context,
            decode=codec.list_assignments,
            handle=self._queries.page,
            encode=codec.listed,
        )

    async def SubmitAssignment(
        self, request: assignments_pb2.SubmitAssignmentRequest, context: Context
    ) -> assignments_pb2.SubmitAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.submit,
            handle=self._assignments.submit,
            encode=codec.submitted,
        )

    async def ReviewAssignment(
        self, request: assignments_pb2.ReviewAssignmentRequest, context: Context
    ) -> assignments_pb2.ReviewAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.review,
            handle=self._assignments.review,
            encode=codec.reviewed,
        )

    async def ReturnAssignment(
        self, request: assignments_pb2.ReturnAssignmentRequest, context: Context
    ) -> assignments_pb2.ReturnAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.give_back,
            handle=self._assignments.give_back,
            encode=codec.returned,
        )

    async def WithdrawAssignment(
        self, request: assignments_pb2.WithdrawAssignmentRequest, context: Context
    ) -> assignments_pb2.WithdrawAssignmentResponse:
        return await self._run(
            request,
            context,
            decode=codec.withdraw,
            handle=self._assignments.withdraw,
            encode=codec.withdrawn,
        )
