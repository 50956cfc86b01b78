"""The api process of scheduling: `python -m services.scheduling.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.scheduling.bootstrap import SERVICE, of_process
from services.scheduling.rpc import served
from services.scheduling.settings import SchedulingSettings
from services.scheduling.store import INDEXES


def assemble(parts: Parts[SchedulingSettings]) -> Api:
    """What the process serves."""
    scheduling = of_process(parts.process)
    return Api([served(scheduling, parts.bridge)], consumers=scheduling.consumers, indexes=INDEXES)


if __name__ == "__main__":
    api_main(SchedulingSettings, SERVICE, assemble)
