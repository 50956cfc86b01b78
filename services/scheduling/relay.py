"""The relay process of scheduling: `python -m services.scheduling.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.process import Process
from chassis.relay import relay_main
from services.scheduling.bootstrap import SERVICE, of_process
from services.scheduling.settings import SchedulingSettings
from services.scheduling.timers import due_work


def assemble(settings: SchedulingSettings, process: Process) -> Sequence[DueWork]:
    """What is done when time comes."""
    del settings
    return due_work(of_process(process))


if __name__ == "__main__":
    relay_main(SchedulingSettings, SERVICE, assemble)
