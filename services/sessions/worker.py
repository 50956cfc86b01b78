"""The worker process of sessions: `python -m services.sessions.worker`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

from chassis.process import Process
from chassis.subscribe import worker_main
from services.sessions.bootstrap import SERVICE, Sessions, of_process
from services.sessions.settings import SessionsSettings
from services.sessions.subscriptions import Subscriptions


def assemble(settings: SessionsSettings, process: Process) -> Sessions:
    """What the subscriptions work with."""
    del settings
    return of_process(process)


if __name__ == "__main__":
    worker_main(SessionsSettings, SERVICE, Subscriptions, assemble)
