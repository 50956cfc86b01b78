"""`@subscribe(CaseOpened)`: a nameko entrypoint that acknowledges after the commit.

class Subscriptions:
    name = "intake"
    core = Core()

    @subscribe(CaseOpened)
    def on_case_opened(self, call, event): ...
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import Message
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR, Entrypoint
from prometheus_client import Counter

from chassis.broker import ERRORS, Backoff
from chassis.call import Call
from chassis.deadline import Deadline
from chassis.envelope import envelope_from
from chassis.errors import HavenError, is_retryable
from chassis.failpoint import failpoint
from chassis.inbound import event_call, event_of
from chassis.log import failure, get_logger
from chassis.store import AlreadyDone
from chassis.subscribe.consumer import EventConsumer
from chassis.subscribe.head_start import HeadStart
from chassis.subscribe.runtime import Runtime, runtime_of
from chassis.subscribe.verdict import DEAD, OUTCOMES, RETRIED, Dead, Done, Retry, verdict_of
from chassis.telemetry.metrics import event_handled, event_lag
from chassis.topology import (
    MessageClass,
    dead_queue_name,
    queue_name,
    retry_queue_name,
    spec_of,
)

F = TypeVar("F", bound=Callable[..., Any])
LONG_AGO = datetime.min.replace(tzinfo=UTC)
HANDLE_SECONDS = 10.0
# All attempts at a crisis-class event together; then it is parked, which alarms.
CRISIS_SECONDS = 5.0
CRISIS_FIRST, CRISIS_MOST = 0.05, 1.0

log = get_logger(__name__)
redelivered = Counter(
    "haven_event_redelivered",
    "Events that came again because their first delivery ended without an answer.",
    ["queue"],
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A readable event on its way through a handler."""

    message: Any
    call: Call
    event: Message
    traceparent: str
    create_time: datetime


class Subscription(Entrypoint):  # type: ignore[misc]  # nameko is untyped
    """Calls the method with every event of one type, through this service's own queue for it."""

    consumer = EventConsumer()

    def __init__(self, message: type[Message], **options: Any) -> None:
        super().__init__(**options)
        self.spec = spec_of(message)

    def setup(self) -> None:
        """Take part in consuming, if this worker serves the event's class."""
        # nameko would log a handler's exception with its text; `settle` tells what may be told.
        logging.getLogger("nameko.containers").setLevel(logging.CRITICAL)
        self.service: str = self.container.service_name
        self.queue = queue_name(self.service, self.spec)
        self.runtime: Runtime = runtime_of(self.container)
        self.head_start = HeadStart(self.runtime.are_done)
        for outcome in OUTCOMES:
            event_handled.labels(self.queue, outcome)
        event_lag.labels(self.queue)
        redelivered.labels(self.queue)
        if self.spec.message_class in self.runtime.classes:
            self.consumer.register_provider(self)

    def start(self) -> None:
        """Consume; returns when the broker has been reached."""
        self.consumer.start()

    def stop(self) -> None:
        """Take no more messages."""
        self.consumer.unregister_provider(self)

    def handle_message(self, message: Any) -> None:
        """Read the message and run the handler on a nameko worker."""
        if message.delivery_info.get("redelivered"):
            redelivered.labels(self.queue).inc()
        try:
            envelope = envelope_from(message.properties, message.headers, message.body)
            now, deadline = self._judging_time(), self._deadline()
            call = event_call(envelope, self.spec, self.service, now=now, deadline=deadline)
            event = event_of(envelope, self.spec)
        except HavenError as error:
            self.settle(message, error)
            return
        create_time = envelope.create_time.ToDatetime(tzinfo=UTC)
        delivery = Delivery(message, call, event, envelope.traceparent, create_time)
        if self.spec.message_class is MessageClass.CRISIS:
            self.container.spawn_managed_thread(partial(self._go_second, delivery))
        else:
            self._work(delivery)

    def _go_second(self, delivery: Delivery) -> None:
        """On a green thread of its own: the direct way has a head start."""
        if self.head_start.is_taken(delivery.call, age=self._age(delivery)):
            self.settle(delivery.message, AlreadyDone())
        else:
            self._work(delivery)

    def begin(self, worker: Any) -> None:
        """Its seconds are for attempts: what it waited here for is not taken from them."""
        call, event = worker.args
        worker.args = (replace(call, deadline=self._deadline()), event)

    def _work(self, delivery: Delivery) -> None:
        try:
            self.container.spawn_worker(
                self,
                (delivery.call, delivery.event),
                {},
                context_data={"traceparent": delivery.traceparent},
                handle_result=partial(self._handle_result, delivery),
            )
        except ContainerBeingKilled:
            self.consumer.requeue_message(delivery.message)

    def settle(self, message: Any, error: BaseException | None) -> None:
        """Acknowledge the message once its place is certain: done, waiting, or parked."""
        verdict = verdict_of(error, self.spec.message_class, message.headers)
        match verdict:
            case Done(outcome):
                self._acknowledge(message, outcome)
            case Retry(seconds, headers):
                log.warning("event.retried", queue=self.queue, seconds=seconds, **_facts(error))
                self._move(message, retry_queue_name(self.queue, seconds), headers, RETRIED)
            case Dead(headers):
                log.error("event.parked", queue=self.queue, **_facts(error))
                self._move(message, dead_queue_name(self.queue), headers, DEAD)

    def _handle_result(
        self, delivery: Delivery, worker: Any, result: Any = None, exc_info: Any = None
    ) -> tuple[Any, Any]:
        """nameko's callback after the handler, on the same green thread."""
        error = exc_info[1] if exc_info else None
        if self.spec.message_class is MessageClass.CRISIS:
            error = self._persist(worker, error)
        if error is None:
            failpoint("subscribe.before-ack")
            event_lag.labels(self.queue).observe(max(0.0, self._age(delivery)))
        self.settle(delivery.message, error)
        return result, exc_info

    def _persist(self, worker: Any, error: BaseException | None) -> BaseException | None:
        """Try a crisis-class event again at once, for as long as its few seconds last."""
        backoff = Backoff(CRISIS_FIRST, CRISIS_MOST)
        handler = getattr(worker.service, self.method_name)
        deadline = worker.args[0].deadline
        while error is not None and is_retryable(error):
            if (left := deadline.remaining()) <= 0:
                break
            time.sleep(min(backoff.next(), left))
            try:
                handler(*worker.args)
            except Exception as failed:  # the one place: whatever it is, it is settled
                error = failed
            else:
                error = None
        return error

    def _move(self, message: Any, queue: str, headers: Any, outcome: str) -> None:
        if self.consumer.forwarder.forward(
            message, queue, headers, is_wanted=lambda: is_open(message)
        ):
            self._acknowledge(message, outcome)

    def _acknowledge(self, message: Any, outcome: str) -> None:
        event_handled.labels(self.queue, outcome).inc()
        if not is_open(message):
            return  # the broker brings it again, and the inbox knows it
        try:
            message.ack()
        except ERRORS as error:
            log.warning("event.acknowledgement-lost", queue=self.queue, **failure(error))

    def _deadline(self) -> Deadline:
        crisis = self.spec.message_class is MessageClass.CRISIS
        return Deadline.after(CRISIS_SECONDS if crisis else HANDLE_SECONDS)

    def _age(self, delivery: Delivery) -> float:
        return (self._now() - delivery.create_time).total_seconds()

    def _judging_time(self) -> datetime:
        """For `expire_time`. Where the database's time is not known nothing is too late: by a
        machine's own clock an event could be thrown away, and the handler meets the absent database
        itself."""
        try:
            return self.runtime.clock.now()
        except HavenError:
            return LONG_AGO

    def _now(self) -> datetime:
        try:
            return self.runtime.clock.now()
        except HavenError:
            return datetime.now(UTC)  # only to wait a moment, and for a metric


def subscribe(message: type[Message]) -> Callable[[F], F]:
    """Call the decorated method with every event of this type."""
    decorate: Callable[[F], F] = Subscription.decorator(message)
    return decorate


def subscribed_by(subscriptions: type) -> frozenset[type[Message]]:
    """The events that a class of subscriptions takes."""
    methods = inspect.getmembers(subscriptions, inspect.isfunction)
    entrypoints = (getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ()) for _, method in methods)
    return frozenset(
        each.spec.message
        for found in entrypoints
        for each in found
        if isinstance(each, Subscription)
    )


def is_open(message: Any) -> bool:
    """True while the connection that brought the message lives, so that it can be acknowledged."""
    return message.channel is not None and message.channel.connection is not None


def _facts(error: BaseException | None) -> dict[str, str]:
    return {} if error is None else failure(error)
