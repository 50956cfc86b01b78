"""BoardService: one stream per person who watches."""

from __future__ import annotations

from grpc import aio
from haven.crisis.v1 import board_pb2, board_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.crisis.live.watcher import Live, WireLost, watch

SERVICE = board_pb2.DESCRIPTOR.services_by_name["BoardService"]


def served(live: Live, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = board_pb2_grpc.add_BoardServiceServicer_to_server
    return Served(add, BoardServicer(live, bridge), SERVICE)


class BoardServicer(board_pb2_grpc.BoardServiceServicer):
    """Hands the stream on; knows nothing of cases."""

    def __init__(self, live: Live, bridge: Bridge) -> None:
        self._live, self._bridge = live, bridge

    async def WatchCases(  # type: ignore[override]  # the stubs know generators only
        self, request: board_pb2.WatchCasesRequest, context: Context
    ) -> None:
        await watch(
            GrpcWire(context),
            self._bridge.call_of(context),
            request.cursor,
            self._live,
            expire_time=self._bridge.expire_time_of(context),
        )


class GrpcWire:
    """A server stream."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def write(self, frame: board_pb2.WatchCasesResponse) -> None:
        """Hand over a frame; waits while the other side does not take any. WireLost if gone."""
        try:
            await self._context.write(frame)
        except (aio.UsageError, aio.InternalError) as error:
            raise WireLost from error
