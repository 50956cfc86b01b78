"""The worker process of notify: `python -m services.notify.worker`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

from chassis.process import Process
from chassis.subscribe import worker_main
from services.notify.bootstrap import SERVICE, Notify, of_process
from services.notify.settings import NotifySettings
from services.notify.subscriptions import Subscriptions


def assemble(settings: NotifySettings, process: Process) -> Notify:
    """What the subscriptions work with."""
    return of_process(process, settings)


if __name__ == "__main__":
    worker_main(NotifySettings, SERVICE, Subscriptions, assemble)
