"""SessionsService: each method is one use case, but for the live stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message
from haven.sessions.v1 import sessions_pb2, sessions_pb2_grpc

from chassis.call import Call
from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.sessions.codec import answers, wire
from services.sessions.live.connection import Live
from services.sessions.live.stream import attend
from services.sessions.live.wire import GrpcWire

C = TypeVar("C")
R = TypeVar("R")
A = TypeVar("A", bound=Message)
SERVICE = sessions_pb2.DESCRIPTOR.services_by_name["SessionsService"]


def served(live: Live, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = sessions_pb2_grpc.add_SessionsServiceServicer_to_server
    return Served(add, SessionsServicer(live, bridge), SERVICE)


class SessionsServicer(sessions_pb2_grpc.SessionsServiceServicer):
    """Decodes, runs and encodes; knows nothing of rooms."""

    def __init__(self, live: Live, bridge: Bridge) -> None:
        self._live, self._sessions, self._bridge = live, live.sessions, bridge
        self._run = bridge.run

    async def _write(
        self,
        request: Any,
        context: Context,
        *,
        decode: Callable[[Any], C],
        handle: Callable[[Call, C], R],
        encode: Callable[[R], A],
    ) -> A:
        """Run a use case that writes to the session's room: everybody in it hears at once."""
        answer = await self._run(request, context, decode=decode, handle=handle, encode=encode)
        tenant_id = self._bridge.call_of(context).tenant_id
        self._live.hub.stored(tenant_id, request.session_id)
        return answer

    async def AttestLocation(
        self, request: sessions_pb2.AttestLocationRequest, context: Context
    ) -> sessions_pb2.AttestLocationResponse:
        return await self._run(
            request,
            context,
            decode=wire.attest_location,
            handle=self._sessions.attestations.attest,
            encode=answers.attest_location,
        )

    async def GetSession(
        self, request: sessions_pb2.GetSessionRequest, context: Context
    ) -> sessions_pb2.GetSessionResponse:
        return await self._run(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.queries.session,
            encode=answers.get_session,
        )

    async def StartSession(
        self, request: sessions_pb2.StartSessionRequest, context: Context
    ) -> sessions_pb2.StartSessionResponse:
        return await self._write(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.rooms.start,
            encode=answers.start_session,
        )

    async def StartBreak(
        self, request: sessions_pb2.StartBreakRequest, context: Context
    ) -> sessions_pb2.StartBreakResponse:
        return await self._write(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.rooms.start_break,
            encode=answers.start_break,
        )

    async def EndBreak(
        self, request: sessions_pb2.EndBreakRequest, context: Context
    ) -> sessions_pb2.EndBreakResponse:
        return await self._write(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.rooms.end_break,
            encode=answers.end_break,
        )

    async def EndSession(
        self, request: sessions_pb2.EndSessionRequest, context: Context
    ) -> sessions_pb2.EndSessionResponse:
        return await self._write(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.rooms.end,
            encode=answers.end_session,
        )

    async def AddParticipant(
        self, request: sessions_pb2.AddParticipantRequest, context: Context
    ) -> sessions_pb2.AddParticipantResponse:
        return await self._write(
            request,
            context,
            decode=wire.add_participant,
            handle=self._sessions.places.add,
            encode=answers.add_participant,
        )

    async def RemoveParticipant(
        self, request: sessions_pb2.RemoveParticipantRequest, context: Context
    ) -> sessions_pb2.RemoveParticipantResponse:
        return await self._write(
            request,
            context,
            decode=wire.remove_participant,
            handle=self._sessions.places.remove,
            encode=answers.remove_participant,
        )

    async def AppointLead(
        self, request: sessions_pb2.AppointLeadRequest, context: Context
    ) -> sessions_pb2.AppointLeadResponse:
        return await self._write(
            request,
            context,
            decode=wire.appoint_lead,
            handle=self._sessions.places.appoint,
            encode=answers.appoint_lead,
        )

    async def KeepPhoneLeg(
        self, request: sessions_pb2.KeepPhoneLegRequest, context: Context
    ) -> sessions_pb2.KeepPhoneLegResponse:
        return await self._run(
            request,
            context,
            decode=wire.phone_leg,
            handle=self._sessions.phones.keep,
            encode=answers.keep_phone_leg,
        )

    async def EndPhoneLeg(
        self, request: sessions_pb2.EndPhoneLegRequest, context: Context
    ) -> sessions_pb2.EndPhoneLegResponse:
        return await self._write(
            request,
            context,
            decode=wire.phone_leg,
            handle=self._sessions.phones.end,
            encode=answers.end_phone_leg,
        )

    async def CreateJoinTicket(
        self, request: sessions_pb2.CreateJoinTicketRequest, context: Context
    ) -> sessions_pb2.CreateJoinTicketResponse:
        return await self._run(
            request,
            context,
            decode=wire.of_session,
            handle=self._sessions.tickets.create,
            encode=answers.create_join_ticket,
        )

    async def AttendSession(  # type: ignore[override]  # the stubs know generators only
        self,
        request_iterator: AsyncIterator[sessions_pb2.AttendSessionRequest],
        context: Context,
    ) -> None:
        del request_iterator  # frames are read one by one, with a time limit each
        await attend(GrpcWire(context), self._bridge.call_of(context), self._live)

    async def ListAttendance(
        self, request: sessions_pb2.ListAttendanceRequest, context: Context
    ) -> sessions_pb2.ListAttendanceResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_attendance,
            handle=self._sessions.queries.attendances,
            encode=answers.list_attendance,
        )

    async def GetAttendance(
        self, request: sessions_pb2.GetAttendanceRequest, context: Context
    ) -> sessions_pb2.GetAttendanceResponse:
        return await self._run(
            request,
            context,
            decode=wire.get_attendance,
            handle=self._sessions.queries.attendance,
            encode=answers.get_attendance,
        )

    async def AmendAttendance(
        self, request: sessions_pb2.AmendAttendanceRequest, context: Context
    ) -> sessions_pb2.AmendAttendanceResponse:
        return await self._run(
            request,
            context,
            decode=wire.amend_attendance,
            handle=self._sessions.attendances.amend,
            encode=answers.amend_attendance,
        )

    async def RaiseSafetySignal(
        self, request: sessions_pb2.RaiseSafetySignalRequest, context: Context
    ) -> sessions_pb2.RaiseSafetySignalResponse:
        command = wire.raise_safety_signal(request)
        view = await self._live.desk.raise_signal(self._bridge.call_of(context), command)
        return answers.raise_safety_signal(view)

    async def GetSafetySignal(
        self, request: sessions_pb2.GetSafetySignalRequest, context: Context
    ) -> sessions_pb2.GetSafetySignalResponse:
        call = self._bridge.call_of(context)
        unstored = self._live.desk.unstored(call, request.safety_signal_id)
        if unstored is not None:
            return answers.get_safety_signal(unstored)
        return await self._run(
            request,
            context,
            decode=wire.signal_id,
            handle=self._sessions.queries.signal,
            encode=answers.get_safety_signal,
        )
