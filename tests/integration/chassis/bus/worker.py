"""The consumer's worker process."""

import eventlet

eventlet.monkey_patch()

from chassis.process import Process  # noqa: E402  # eventlet must patch before anything else
from chassis.settings import ProcessSettings  # noqa: E402
from chassis.subscribe import worker_main  # noqa: E402
from tests.integration.chassis.bus.effects import Core  # noqa: E402
from tests.integration.chassis.bus.subscriptions import Subscriptions  # noqa: E402


def assemble(_settings: ProcessSettings, process: Process) -> Core:
    """What the handlers work with."""
    return Core(process.store)


if __name__ == "__main__":
    worker_main(ProcessSettings, "notify", Subscriptions, assemble)
