"""The relay process of notify: `python -m services.notify.relay`."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.process import Process
from chassis.relay import relay_main
from services.notify.bootstrap import SERVICE, of_process
from services.notify.settings import NotifySettings
from services.notify.timers import begin_reach_looks, due_work, publish_census


def assemble(settings: NotifySettings, process: Process) -> Sequence[DueWork]:
    """What is done when time comes, and told when somebody asks."""
    notify = of_process(process, settings)
    publish_census(notify, process.tenants.ids)
    begin_reach_looks(notify, process.tenants.ids)
    return due_work(notify)


if __name__ == "__main__":
    relay_main(NotifySettings, SERVICE, assemble)
