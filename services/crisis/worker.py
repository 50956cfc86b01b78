"""The worker process of crisis: `python -m services.crisis.worker`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

from chassis.process import Process
from chassis.subscribe import worker_main
from services.crisis.bootstrap import SERVICE, Crisis, of_process
from services.crisis.settings import CrisisSettings
from services.crisis.subscriptions import Subscriptions


def assemble(settings: CrisisSettings, process: Process) -> Crisis:
    """What the subscriptions work with."""
    del settings
    return of_process(process)


if __name__ == "__main__":
    worker_main(CrisisSettings, SERVICE, Subscriptions, assemble)
