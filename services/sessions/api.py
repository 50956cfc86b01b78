"""The api process of sessions: `python -m services.sessions.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from clinical import risk
from services.sessions.bootstrap import SERVICE, of_process
from services.sessions.http import Edge, Way, served_over_http
from services.sessions.live.opening import board_live_of, lifespans, live_of
from services.sessions.rpc import SERVICE as ATTENDED
from services.sessions.rpc import assignments, boards, served
from services.sessions.settings import SessionsSettings
from services.sessions.store import INDEXES


def assemble(parts: Parts[SessionsSettings]) -> Api:
    """What the process serves."""
    risk.prepare()
    settings = parts.settings
    live = live_of(of_process(parts.process), parts.bridge.in_executor, settings=settings)
    boards_live = board_live_of(live.sessions, parts.bridge.in_executor, settings=settings)
    way = Way(parts.gate(ATTENDED), parts.bridge.call_of, live)
    edge = Edge(way, origins=settings.origins, most_sockets=settings.most_sockets)
    return Api(
        [
            served(live, parts.bridge),
            assignments.served(live.sessions, parts.bridge),
            boards.served(boards_live, parts.bridge),
        ],
        consumers=live.sessions.consumers,
        indexes=INDEXES,
        # The edge last: it ends first, while what its sockets need still runs.
        lifespans=[
            *lifespans(live, boards_live, parts.process.store),
            served_over_http(edge, settings),
        ],
        on_drain=[live.hub.drain, boards_live.hub.drain],
    )


if __name__ == "__main__":
    api_main(SessionsSettings, SERVICE, assemble)
