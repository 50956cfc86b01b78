"""The relay process of intake: `python -m services.intake.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.process import Process
from chassis.relay import relay_main
from services.intake.bootstrap import SERVICE, of_process
from services.intake.settings import IntakeSettings
from services.intake.timers import due_work


def assemble(settings: IntakeSettings, process: Process) -> Sequence[DueWork]:
    """What is done when time comes."""
    del settings
    return due_work(of_process(process))


if __name__ == "__main__":
    relay_main(IntakeSettings, SERVICE, assemble)
