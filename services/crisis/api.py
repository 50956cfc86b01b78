"""The api process of crisis: `python -m services.crisis.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.crisis.bootstrap import SERVICE, of_process
from services.crisis.rpc import on_call, served
from services.crisis.settings import CrisisSettings
from services.crisis.store import INDEXES


def assemble(parts: Parts[CrisisSettings]) -> Api:
    """What the process serves."""
    crisis = of_process(parts.process)
    services = [served(crisis, parts.bridge), on_call.served(crisis, parts.bridge)]
    return Api(services, consumers=crisis.consumers, indexes=INDEXES)


if __name__ == "__main__":
    api_main(CrisisSettings, SERVICE, assemble)
