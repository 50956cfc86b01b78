"""Who stands behind a name in a group."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import people as people_requests
from services.intake.codec.responses import people as people_responses


class RevealMethods:
    """Names that are opened. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def RevealAlias(
        self, request: wire.RevealAliasRequest, context: Context
    ) -> wire.RevealAliasResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.reveal_alias,
            handle=self._intake.revealing.open,
            encode=people_responses.reveal_alias,
        )

    async def GetAliasReveal(
        self, request: wire.GetAliasRevealRequest, context: Context
    ) -> wire.GetAliasRevealResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.alias_reveal_id,
            handle=self._intake.reveals.read,
            encode=people_responses.get_alias_reveal,
        )

    async def ListAliasReveals(
        self, request: wire.ListAliasRevealsRequest, context: Context
    ) -> wire.ListAliasRevealsResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_alias_reveals,
            handle=self._intake.reveals.list,
            encode=people_responses.list_alias_reveals,
        )
