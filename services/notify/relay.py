"""The relay process of notify: `python -m services.notify.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.process import Process
from chassis.relay import relay_main
from chassis.timers import DueWork
from services.notify.bootstrap import SERVICE, of_process
from services.notify.settings import NotifySettings
from services.notify.timers import due_work


def assemble(settings: NotifySettings, process: Process) -> Sequence[DueWork]:
    """What is done when time comes."""
    return due_work(of_process(process, settings))


if __name__ == "__main__":
    relay_main(NotifySettings, SERVICE, assemble)
