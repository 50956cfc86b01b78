"""The relay process of sessions: `python -m services.sessions.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.process import Process
from chassis.relay import relay_main
from services.sessions.bootstrap import SERVICE, of_process
from services.sessions.settings import SessionsSettings
from services.sessions.timers import due_work, publish_census


def assemble(settings: SessionsSettings, process: Process) -> Sequence[DueWork]:
    """What falls due in sessions."""
    del settings
    publish_census(process.store)
    return due_work(of_process(process))


if __name__ == "__main__":
    relay_main(SessionsSettings, SERVICE, assemble)
