"""The live board, put together for one api process."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from chassis.store import Store
from chassis.store.feed import Feed, Follower
from services.crisis.bootstrap import SERVICE, Crisis
from services.crisis.live.hub import Hub, Run
from services.crisis.live.watcher import Live
from services.crisis.settings import CrisisSettings
from services.crisis.store import CASES


def live_of(crisis: Crisis, run: Run, *, settings: CrisisSettings) -> Live:
    """The process's hub around its queries."""
    hub = Hub(
        crisis.board_queries, run, tape_limit=settings.board_tape, most=settings.board_readers
    )
    return Live(
        queries=crisis.board_queries,
        hub=hub,
        run=run,
        deployment=f"{SERVICE}/{settings.database}",
        heartbeat_seconds=settings.board_heartbeat_seconds,
        reader_queue=settings.board_queue,
    )


def following(
    live: Live, store: Store, settings: CrisisSettings
) -> AbstractAsyncContextManager[None]:
    """What must run as long as the process serves."""

    def open_feed(follower: Follower) -> Feed:
        return Feed(store, CASES, follower, lookback_seconds=settings.board_lookback_seconds)

    return live.hub.running(open_feed)
