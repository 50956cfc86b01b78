"""The api process of crisis: `python -m services.crisis.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.crisis import rpc
from services.crisis.bootstrap import SERVICE, of_process
from services.crisis.live.opening import following, live_of
from services.crisis.rpc import (
    board,
    follow_ups,
    jurisdictions,
    on_call,
    person_queue,
    safety_plans,
)
from services.crisis.settings import CrisisSettings
from services.crisis.store import INDEXES

SERVICES = (rpc, safety_plans, follow_ups, jurisdictions, person_queue, on_call)


def assemble(parts: Parts[CrisisSettings]) -> Api:
    """What the process serves."""
    crisis = of_process(parts.process)
    live = live_of(crisis, parts.bridge.in_executor, settings=parts.settings)
    served = [each.served(crisis, parts.bridge) for each in SERVICES]
    return Api(
        [*served, board.served(live, parts.bridge)],
        consumers=crisis.consumers,
        indexes=INDEXES,
        lifespans=[following(live, parts.process.store, parts.settings)],
        on_drain=[live.hub.drain],
    )


if __name__ == "__main__":
    api_main(CrisisSettings, SERVICE, assemble)
