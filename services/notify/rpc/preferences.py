"""PreferenceService: each method is one use case."""

from __future__ import annotations

from haven.notify.v1 import preferences_pb2, preferences_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.notify.bootstrap import Notify
from services.notify.codec import preferences as codec

SERVICE = preferences_pb2.DESCRIPTOR.services_by_name["PreferenceService"]


def served(notify: Notify, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = preferences_pb2_grpc.add_PreferenceServiceServicer_to_server
    return Served(add, PreferenceServicer(notify, bridge), SERVICE)


class PreferenceServicer(preferences_pb2_grpc.PreferenceServiceServicer):
    """Decodes, runs and encodes; knows nothing of wishes."""

    def __init__(self, notify: Notify, bridge: Bridge) -> None:
        self._notify = notify
        self._run = bridge.run

    async def GetPreferences(
        self, request: preferences_pb2.GetPreferencesRequest, context: Context
    ) -> preferences_pb2.GetPreferencesResponse:
        return await self._run(
            request,
            context,
            decode=codec.recipient_id,
            handle=self._notify.wishing.get,
            encode=codec.get_answer,
        )

    async def PutPreferences(
        self, request: preferences_pb2.PutPreferencesRequest, context: Context
    ) -> preferences_pb2.PutPreferencesResponse:
        return await self._run(
            request,
            context,
            decode=codec.put_preferences,
            handle=self._notify.wishing.put,
            encode=codec.put_answer,
        )

    async def StopChannel(
        self, request: preferences_pb2.StopChannelRequest, context: Context
    ) -> preferences_pb2.StopChannelResponse:
        return await self._run(
            request,
            context,
            decode=codec.change_channel,
            handle=self._notify.wishing.stop,
            encode=codec.stop_answer,
        )

    async def ResumeChannel(
        self, request: preferences_pb2.ResumeChannelRequest, context: Context
    ) -> preferences_pb2.ResumeChannelResponse:
        return await self._run(
            request,
            context,
            decode=codec.change_channel,
            handle=self._notify.wishing.resume,
            encode=codec.resume_answer,
        )

    async def StartVerification(
        self, request: preferences_pb2.StartVerificationRequest, context: Context
    ) -> preferences_pb2.StartVerificationResponse:
        return await self._run(
            request,
            context,
            decode=codec.start_verification,
            handle=self._notify.verifying.start,
            encode=codec.start_answer,
        )

    async def ConfirmVerification(
        self, request: preferences_pb2.ConfirmVerificationRequest, context: Context
    ) -> preferences_pb2.ConfirmVerificationResponse:
        return await self._run(
            request,
            context,
            decode=codec.confirm_verification,
            handle=self._notify.verifying.confirm,
            encode=codec.confirm_answer,
        )
