"""The api process of crisis: `python -m services.crisis.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.crisis import rpc
from services.crisis.bootstrap import SERVICE, of_process
from services.crisis.rpc import follow_ups, jurisdictions, person_queue, safety_plans
from services.crisis.settings import CrisisSettings
from services.crisis.store import INDEXES

SERVICES = (rpc, safety_plans, follow_ups, jurisdictions, person_queue)


def assemble(parts: Parts[CrisisSettings]) -> Api:
    """What the process serves."""
    crisis = of_process(parts.process)
    served = [each.served(crisis, parts.bridge) for each in SERVICES]
    return Api(served, consumers=crisis.consumers, indexes=INDEXES)


if __name__ == "__main__":
    api_main(CrisisSettings, SERVICE, assemble)
