"""The relay process of crisis: `python -m services.crisis.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.process import Process
from chassis.relay import relay_main
from services.crisis.bootstrap import SERVICE, drill_periods, of_process
from services.crisis.settings import CrisisSettings
from services.crisis.timers import begin_cover_checks, due_work, publish_census


def assemble(settings: CrisisSettings, process: Process) -> Sequence[DueWork]:
    """What is done when time comes, and told when somebody asks."""
    del settings
    crisis = of_process(process)
    publish_census(crisis, process.tenants.ids - drill_periods(process.tenants).keys())
    begin_cover_checks(crisis, process.tenants.ids)
    return due_work(crisis)


if __name__ == "__main__":
    relay_main(CrisisSettings, SERVICE, assemble)
