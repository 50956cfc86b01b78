"""NotifyService: each method is one use case."""

from __future__ import annotations

from haven.notify.v1 import notify_pb2, notify_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.notify.bootstrap import Notify
from services.notify.codec import answers, inbound, wire

SERVICE = notify_pb2.DESCRIPTOR.services_by_name["NotifyService"]


def served(notify: Notify, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = notify_pb2_grpc.add_NotifyServiceServicer_to_server
    return Served(add, NotifyServicer(notify, bridge), SERVICE)


class NotifyServicer(notify_pb2_grpc.NotifyServiceServicer):
    """Decodes, runs and encodes; knows nothing of messages."""

    def __init__(self, notify: Notify, bridge: Bridge) -> None:
        self._notify = notify
        self._run = bridge.run

    async def RegisterContactPoint(
        self, request: notify_pb2.RegisterContactPointRequest, context: Context
    ) -> notify_pb2.RegisterContactPointResponse:
        return await self._run(
            request,
            context,
            decode=wire.register_contact_point,
            handle=self._notify.contacts.register,
            encode=answers.register_contact_point,
        )

    async def ListContactPoints(
        self, request: notify_pb2.ListContactPointsRequest, context: Context
    ) -> notify_pb2.ListContactPointsResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_contact_points,
            handle=self._notify.queries.contact_points,
            encode=answers.list_contact_points,
        )

    async def GetMessage(
        self, request: notify_pb2.GetMessageRequest, context: Context
    ) -> notify_pb2.GetMessageResponse:
        return await self._run(
            request,
            context,
            decode=wire.message_id,
            handle=self._notify.queries.message,
            encode=answers.get_message,
        )

    async def ListMessages(
        self, request: notify_pb2.ListMessagesRequest, context: Context
    ) -> notify_pb2.ListMessagesResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_messages,
            handle=self._notify.queries.messages,
            encode=answers.list_messages,
        )

    async def PreviewMessage(
        self, request: notify_pb2.PreviewMessageRequest, context: Context
    ) -> notify_pb2.PreviewMessageResponse:
        return await self._run(
            request,
            context,
            decode=wire.preview_message,
            handle=self._notify.queries.preview,
            encode=answers.preview_message,
        )

    async def ResendMessage(
        self, request: notify_pb2.ResendMessageRequest, context: Context
    ) -> notify_pb2.ResendMessageResponse:
        return await self._run(
            request,
            context,
            decode=wire.resend_message,
            handle=self._notify.redriving.resend,
            encode=answers.resend_message,
        )

    async def RedriveMessages(
        self, request: notify_pb2.RedriveMessagesRequest, context: Context
    ) -> notify_pb2.RedriveMessagesResponse:
        return await self._run(
            request,
            context,
            decode=wire.redrive_messages,
            handle=self._notify.redriving.redrive,
            encode=answers.redrive_messages,
        )

    async def GetInboundText(
        self, request: notify_pb2.GetInboundTextRequest, context: Context
    ) -> notify_pb2.GetInboundTextResponse:
        return await self._run(
            request,
            context,
            decode=inbound.reveal_text,
            handle=self._notify.queries.inbound_text,
            encode=inbound.get_text,
        )
