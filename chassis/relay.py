"""A relay process: publishes the outbox, delivers crisis events, does what is due, seals the trail.

# services/crisis/relay.py
def assemble(settings: CrisisSettings, process: Process) -> Sequence[DueWork]:
    return bootstrap(settings, store=process.store, clock=process.clock, ...).due_work

if __name__ == "__main__":
    relay_main(CrisisSettings, "crisis", assemble)
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import amqp

from chassis.audit import Sealer, SealLoop
from chassis.auth.pki import Credentials
from chassis.broker import Prepare, Publisher
from chassis.dead_letters import dead_queues
from chassis.due_work import DueWork
from chassis.lease import TTL_SECONDS, Leases
from chassis.log import failure, get_logger
from chassis.outbox.backlog import Backlog
from chassis.outbox.courier import Courier
from chassis.outbox.gauges import GaugeLoop
from chassis.outbox.loops import Loops
from chassis.outbox.receipts import ReceiptLoop
from chassis.outbox.relay import RelayLoop, expect_returns
from chassis.outbox.wake import Wakes
from chassis.precedence import Precedence, never
from chassis.process import Process, opened
from chassis.rpc.channel import open_channel
from chassis.settings import ProcessSettings, SettingsError, load
from chassis.store import Document
from chassis.store.outbox_rows import OUTBOX
from chassis.store.watch import INSERTS, Watch
from chassis.telemetry import metrics
from chassis.timers import DueRunner
from chassis.topology import (
    Catalogue,
    MessageClass,
    check,
    declare,
    exchange_name,
    load_catalogue,
    topology_of,
)

S = TypeVar("S", bound=ProcessSettings)
# A class whose events may wait a second need not change hands in one.
PATIENT_TTL = 5.0
STOP_SECONDS = 8.0
LOOK_SECONDS = 1.0

log = get_logger("relay")


def relay_main(
    settings_class: type[S], service: str, assemble: Callable[[S, Process], Sequence[DueWork]]
) -> None:
    """Run until SIGTERM or SIGINT; `assemble` says what this service does when time comes."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    threading.excepthook = _tell
    try:
        settings = load(settings_class, prefix=service)
        with opened(settings, "relay") as process:
            relay = Relay(process, lambda: assemble(settings, process))
            endpoint = metrics.serve(
                settings.relay_metrics_address, relay.is_alive, alive=relay.is_alive
            )
            while not told.wait(LOOK_SECONDS) and relay.is_alive():
                continue  # a relay with a broken loop ends, to be started anew
            is_clean = relay.stop() and told.is_set()
            endpoint.close()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    # Threads that did not end in time must not keep the process.
    log.info("relay.ended", state="clean" if is_clean else "cut-off")
    sys.stderr.flush()
    os._exit(0 if is_clean else 1)


class Relay:
    """Everything a relay runs, from start to stop."""

    def __init__(self, process: Process, due_work: Callable[[], Sequence[DueWork]]) -> None:
        self._process = process
        self._catalogue = load_catalogue([process.settings.service])
        _expect(self._catalogue, process.settings)
        self._loops, self._wakes, self._leases = Loops(), Wakes(), Leases(process.store)
        self._precedence = Precedence()
        self._courier = _courier(process)
        process.store.after_commit = self._courier.deliver
        self._watch = Watch(process.store)
        self._wakes.follow(self._watch)
        crisis = {"message_class": [MessageClass.CRISIS]}
        self._watch.listen(OUTBOX, self._note, operations=INSERTS, only=crisis)
        works = due_work()
        self._due = DueRunner(process.store, works, self._watch, self._leases, self._precedence)
        self._start(works)

    def is_alive(self) -> bool:
        """False once any of its threads has ended or hangs."""
        return self._loops.is_alive() and self._due.is_alive() and self._watch.is_alive()

    def stop(self) -> bool:
        """End every loop after its turn and give the leases back; True where all did in time."""
        # On a thread of its own: a handler under way may take as long as its own deadline.
        due = threading.Thread(target=self._due.stop, daemon=True)
        due.start()
        ended = self._loops.close(within=STOP_SECONDS)
        due.join(STOP_SECONDS)
        self._watch.stop()
        self._courier.close()
        self._process.store.close()
        return ended and not due.is_alive()

    def _start(self, works: Sequence[DueWork]) -> None:
        store, settings = self._process.store, self._process.settings
        for message_class in MessageClass:
            self._start_class(message_class)
        told = self._wakes.listen(MessageClass.CRISIS)
        receipts = ReceiptLoop(
            store,
            self._courier.start,
            lease=self._leases.lease("relay.receipts"),
            told=told,
            tell=partial(self._precedence.tell, "receipts"),
        )
        self._loops.start("receipts", receipts, wake=told.event)
        seals = SealLoop(
            Sealer(store),
            lease=self._leases.lease("sealer", ttl=PATIENT_TTL),
            gives_way=partial(self._precedence.is_due, "sealer"),
        )
        self._loops.start("sealer", seals)
        gauges = GaugeLoop(
            settings.service,
            store,
            amqp_uri=settings.amqp_uri.reveal(),
            queues=dead_queues(self._catalogue),
            due_work=works,
        )
        self._loops.start("gauges", gauges)
        self._watch.start()
        self._due.start()

    def _note(self, row: Document) -> None:
        if row.get("message_class") == MessageClass.CRISIS:
            self._precedence.passed()

    def _start_class(self, message_class: MessageClass) -> None:
        is_crisis = message_class is MessageClass.CRISIS
        name = f"relay.{message_class}"
        told = self._wakes.listen(message_class)
        loop = RelayLoop(
            Backlog(message_class, self._process.store, told),
            publisher=Publisher(self._process.settings.amqp_uri.reveal()),
            prepare=_declaring(self._catalogue, message_class),
            lease=self._leases.lease(name, ttl=TTL_SECONDS if is_crisis else PATIENT_TTL),
            gives_way=never if is_crisis else partial(self._precedence.is_due, name),
        )
        self._loops.start(name, loop, wake=told.event)


def _expect(catalogue: Catalogue, settings: ProcessSettings) -> None:
    """Every metric at 0, and an address for everyone who must hear of a crisis."""
    specs = catalogue.published_by(settings.service)
    published = [(exchange_name(spec.service), spec.type) for spec in specs]
    metrics.expect_events(published=published, queues=[])
    expect_returns(spec.type for spec in specs)
    crisis = [spec for spec in specs if spec.message_class is MessageClass.CRISIS]
    needed = {consumer for spec in crisis for consumer in spec.consumers}
    if missing := needed - set(settings.peers):
        raise SettingsError(
            [f"HAVEN_{name.upper()}_INTERNAL_ADDRESS: required" for name in sorted(missing)]
        )


def _declaring(catalogue: Catalogue, message_class: MessageClass) -> Prepare:
    """Before the first publish on a connection every place where it may end exists."""
    events = {
        name: spec for name, spec in catalogue.events.items() if spec.message_class is message_class
    }
    topology = topology_of(Catalogue(events))

    def prepare(connection: amqp.Connection) -> None:
        declare(connection, topology)
        check(connection, topology)

    return prepare


def _courier(process: Process) -> Courier:
    settings = process.settings
    own = Credentials.of(settings.pki_dir, settings.service)
    channels = {
        name: open_channel(address, own, service=name) for name, address in settings.peers.items()
    }
    return Courier(channels, receipt=process.store.receipt)


def _tell(broken: threading.ExceptHookArgs) -> None:
    """A thread's unexpected end is told without the exception's text."""
    name = broken.thread.name if broken.thread else ""
    if broken.exc_value is not None:
        log.error("relay.broken", job=name, **failure(broken.exc_value))
