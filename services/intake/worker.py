"""The worker process of intake: `python -m services.intake.worker`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

from chassis.process import Process
from chassis.subscribe import worker_main
from services.intake.bootstrap import SERVICE, Intake, of_process
from services.intake.settings import IntakeSettings
from services.intake.subscriptions import Subscriptions


def assemble(settings: IntakeSettings, process: Process) -> Intake:
    """What the subscriptions work with."""
    del settings
    return of_process(process)


if __name__ == "__main__":
    worker_main(IntakeSettings, SERVICE, Subscriptions, assemble)
