"""GroupBoardService: each method is one use case, but for the stream."""

from __future__ import annotations

from haven.sessions.v1 import boards_pb2, boards_pb2_grpc

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from services.sessions.codec import boards as codec
from services.sessions.live.board_watcher import BoardLive, GrpcBoardWire, watch_board

SERVICE = boards_pb2.DESCRIPTOR.services_by_name["GroupBoardService"]


def served(live: BoardLive, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = boards_pb2_grpc.add_GroupBoardServiceServicer_to_server
    return Served(add, GroupBoardServicer(live, bridge), SERVICE)


class GroupBoardServicer(boards_pb2_grpc.GroupBoardServiceServicer):
    """Decodes, runs and encodes; knows nothing of boards."""

    def __init__(self, live: BoardLive, bridge: Bridge) -> None:
        self._live, self._bridge, self._run = live, bridge, bridge.run
        self._boards = live.boards

    async def CreateBoardPost(
        self, request: boards_pb2.CreateBoardPostRequest, context: Context
    ) -> boards_pb2.CreateBoardPostResponse:
        return await self._run(
            request,
            context,
            decode=codec.create_post,
            handle=self._boards.posts.create,
            encode=codec.created,
        )

    async def ListBoardPosts(
        self, request: boards_pb2.ListBoardPostsRequest, context: Context
    ) -> boards_pb2.ListBoardPostsResponse:
        return await self._run(
            request,
            context,
            decode=codec.list_posts,
            handle=self._boards.queries.posts,
            encode=codec.listed,
        )

    async def WatchBoard(  # type: ignore[override]  # the stubs know generators only
        self, request: boards_pb2.WatchBoardRequest, context: Context
    ) -> None:
        await watch_board(
            GrpcBoardWire(context),
            self._bridge.call_of(context),
            codec.watch_board(request),
            self._live,
            expire_time=self._bridge.expire_time_of(context),
        )

    async def ReportBoardPost(
        self, request: boards_pb2.ReportBoardPostRequest, context: Context
    ) -> boards_pb2.ReportBoardPostResponse:
        return await self._run(
            request,
            context,
            decode=codec.report_post,
            handle=self._boards.reports.report,
            encode=codec.reported,
        )

    async def ListBoardReports(
        self, request: boards_pb2.ListBoardReportsRequest, context: Context
    ) -> boards_pb2.ListBoardReportsResponse:
        return await self._run(
            request,
            context,
            decode=codec.list_reports,
            handle=self._boards.queries.reports,
            encode=codec.reports_listed,
        )

    async def HideBoardPost(
        self, request: boards_pb2.HideBoardPostRequest, context: Context
    ) -> boards_pb2.HideBoardPostResponse:
        return await self._run(
            request,
            context,
            decode=codec.hide_post,
            handle=self._boards.reports.hide,
            encode=codec.hidden,
        )

    async def KeepBoardPost(
        self, request: boards_pb2.KeepBoardPostRequest, context: Context
    ) -> boards_pb2.KeepBoardPostResponse:
        return await self._run(
            request,
            context,
            decode=codec.keep_post,
            handle=self._boards.reports.keep,
            encode=codec.kept,
        )
