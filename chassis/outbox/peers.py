"""The consumers' internal addresses: one channel and a few threads for each.

A consumer that hangs holds only its own threads. While it fails, no more than PROBES calls at a
time ask whether it is back; the others come later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
from haven.delivery.v1.delivery_pb2 import DeliverRequest, DeliverResponse, Envelope
from haven.delivery.v1.delivery_pb2_grpc import DeliveryServiceStub

from chassis.log import failure, get_logger

# Longer than a consumer takes in a storm: a call given up early is work done for nothing, and makes
# a busy consumer look like one that is away. The other way goes on meanwhile.
DELIVER_SECONDS = 2.5
# So many calls to one consumer at once. It takes them in the order of their urgency, of those that
# have come: what waits here has not.
THREADS = 24
WAITING_MOST = 1000  # calls that may wait for a thread; what is refused is repeated by the relay
PROBES = 2
AWAY = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)

log = get_logger(__name__)


class Peer:
    """One consumer's api, seen from outside."""

    def __init__(self, name: str, channel: grpc.Channel) -> None:
        self._name, self._channel = name, channel
        self._stub = DeliveryServiceStub(channel)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"deliver-{name}")
        self._lock = threading.Lock()
        self._under_way = 0
        self._is_closed = False
        self._last_answer = 0.0  # when it took an event, by this process's monotonic clock
        self.is_failing = False

    def submit(self, work: Callable[[], None]) -> bool:
        """Run `work` on one of the peer's threads; False where too much waits already."""
        with self._lock:
            most = PROBES if self.is_failing else WAITING_MOST
            if self._is_closed or self._under_way >= most:
                return False
            self._under_way += 1
            self._threads.submit(self._run, work).add_done_callback(_tell)
        return True

    def deliver(self, envelope: Envelope, *, traceparent: str) -> DeliverResponse:
        """Call once; grpc.RpcError where the consumer did not take the event."""
        metadata = (("traceparent", traceparent),) if traceparent else ()
        begin = time.monotonic()
        try:
            answer: DeliverResponse = self._stub.Deliver(
                DeliverRequest(envelope=envelope), timeout=DELIVER_SECONDS, metadata=metadata
            )
        except grpc.RpcError as error:
            if error.code() not in AWAY:
                self._note(is_failing=False, code=error.code())
            elif self._last_answer < begin:
                self._note(is_failing=True, code=error.code())
            # Else it took another event meanwhile: it is busy, and fewer calls would help nobody.
            raise
        self._last_answer = time.monotonic()
        self._note(is_failing=False, code=grpc.StatusCode.OK)
        return answer

    def close(self) -> None:
        """Give up what waits."""
        with self._lock:
            self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._channel.close()

    def _note(self, *, is_failing: bool, code: grpc.StatusCode) -> None:
        """An outage is told once, not with every call."""
        if is_failing and not self.is_failing:
            log.warning("peer.away", consumer=self._name, code=code.name)
        if self.is_failing and not is_failing:
            log.info("peer.back", consumer=self._name)
        self.is_failing = is_failing

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._under_way -= 1


def _tell(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("courier.broken", **failure(error))
