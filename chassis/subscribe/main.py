"""A worker process: nameko's runner around one class of subscriptions.

# services/crisis/worker.py
import eventlet

eventlet.monkey_patch()

def assemble(settings: CrisisSettings, process: Process) -> Crisis:
    return bootstrap(settings, store=process.store, clock=process.clock, ...)

if __name__ == "__main__":
    worker_main(CrisisSettings, "crisis", Subscriptions, assemble)
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import eventlet
from eventlet.debug import hub_exceptions
from eventlet.event import Event
from eventlet.hubs import get_hub
from google.protobuf.message import Message
from nameko.runners import ServiceRunner

from chassis.log import failure, get_logger
from chassis.process import Process, opened
from chassis.settings import ProcessSettings, SettingsError, load
from chassis.subscribe.entrypoint import subscribed_by
from chassis.subscribe.hub import HubWatch
from chassis.subscribe.runtime import KEY, Runtime
from chassis.telemetry import metrics
from chassis.topology import MessageClass

S = TypeVar("S", bound=ProcessSettings)
STOP_SECONDS = 8.0  # handlers take milliseconds; what is cut off comes again
# Never the limit: each queue's prefetch is, so that no queue waits for another's handlers.
MOST_HANDLERS = 1000

log = get_logger("worker")


@dataclass(frozen=True)
class WorkerSettings:
    """Which classes of events this deployment of the worker serves; comma-separated."""

    message_classes: str = ",".join(MessageClass)

    @property
    def classes(self) -> frozenset[MessageClass]:
        """The same as values."""
        try:
            return frozenset(MessageClass(name) for name in self.message_classes.split(","))
        except ValueError:
            known = ", ".join(MessageClass)
            raise SettingsError([f"HAVEN_MESSAGE_CLASSES: some of {known}"]) from None


def worker_main(
    settings_class: type[S],
    service: str,
    subscriptions: type,
    assemble: Callable[[S, Process], Any],
) -> None:
    """Consume until SIGTERM or SIGINT; `assemble` makes the core that handlers are given."""
    try:
        settings = load(settings_class, prefix=service)
        classes = load(WorkerSettings, prefix=service).classes
        with opened(settings, "worker") as process:
            core = assemble(settings, process)
            check_subscriptions(subscriptions, core.consumers)
            runtime = Runtime(core, process.clock, process.store.are_done, classes)
            worker = Worker(subscriptions, settings.amqp_uri.reveal(), runtime)
            is_clean = worker.run(settings.worker_metrics_address)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    # Green threads that did not end in time must not keep the process.
    log.info("worker.ended", state="clean" if is_clean else "cut-off")
    sys.stderr.flush()
    os._exit(0 if is_clean else 1)


def check_subscriptions(subscriptions: type, consumers: Iterable[type[Message]]) -> None:
    """Queues and Deliver must bring the same events, or one of the two ways ends nowhere."""
    names = {
        message.DESCRIPTOR.name for message in subscribed_by(subscriptions) ^ frozenset(consumers)
    }
    if names:
        raise SettingsError([f"{name}: not both subscribed and consumed" for name in sorted(names)])


class Worker:
    """One container of subscriptions, from start to end."""

    def __init__(self, subscriptions: type, amqp_uri: str, runtime: Runtime) -> None:
        self._told = Event()
        self._watch = HubWatch()
        self._runner = ServiceRunner(
            {"AMQP_URI": amqp_uri, "max_workers": MOST_HANDLERS, KEY: runtime}
        )
        self._runner.add_service(subscriptions)
        (self.container,) = self._runner.containers

    @property
    def is_consuming(self) -> bool:
        """True while connected to the broker."""
        return all(each.consumer.is_consuming for each in self.container.entrypoints)

    def run(self, metrics_address: str) -> bool:
        """Until told to end, or until the container breaks; True where it ended in order."""
        hub_exceptions(False)  # eventlet would print a traceback with the exception's text
        self._watch.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)
        endpoint = metrics.serve(
            metrics_address, lambda: self.is_consuming, alive=self._watch.is_alive
        )
        eventlet.spawn(self._serve)
        is_told = self._told.wait()
        is_clean = bool(is_told) and self._stop()
        endpoint.close()
        return is_clean

    def _serve(self) -> None:
        """Runs until the container ends; where nobody asked it to, the process ends with it."""
        with Ending(self._told):
            self._runner.start()
            self.container.wait()

    def _stop(self) -> bool:
        with eventlet.Timeout(STOP_SECONDS, False):
            self._runner.stop()
            return True
        return False

    def _tell(self, *_: Any) -> None:
        """A signal handler runs between any two instructions: leave the rest to the hub."""
        if not self._told.ready():
            get_hub().schedule_call_global(0, self._told.send, True)


class Ending:
    """Turns the end of a green thread into the process's, without a traceback's words."""

    def __init__(self, told: Event) -> None:
        self._told = told

    def __enter__(self) -> None:
        """Nothing has ended."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> bool:
        """An error is told and goes no further: eventlet would print it."""
        if not self._told.ready():
            if error is not None:
                log.error("worker.broken", **failure(error))
            self._told.send(False)
        return isinstance(error, Exception)
