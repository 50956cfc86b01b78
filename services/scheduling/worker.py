"""The worker process of scheduling: `python -m services.scheduling.worker`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

from chassis.process import Process
from chassis.subscribe import worker_main
from services.scheduling.bootstrap import SERVICE, Scheduling, of_process
from services.scheduling.settings import SchedulingSettings
from services.scheduling.subscriptions import Subscriptions


def assemble(settings: SchedulingSettings, process: Process) -> Scheduling:
    """What the subscriptions work with."""
    del settings
    return of_process(process)


if __name__ == "__main__":
    worker_main(SchedulingSettings, SERVICE, Subscriptions, assemble)
