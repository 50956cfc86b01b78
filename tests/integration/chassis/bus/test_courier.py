"""Direct delivery over gRPC: what each answer of a consumer means, and what a silent one costs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import status_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from haven.crisis.v1.events_pb2 import PageRequested
from haven.delivery.v1.delivery_pb2 import DeliverRequest, DeliverResponse
from haven.delivery.v1.delivery_pb2_grpc import (
    DeliveryServiceServicer,
    add_DeliveryServiceServicer_to_server,
)

from chassis.errors import Unavailable
from chassis.outbox import peers
from chassis.outbox.courier import Courier, delivered
from chassis.outbox.peers import PROBES
from chassis.store import OutboxRow
from chassis.store.outbox_rows import Emission, row_of, stamped
from chassis.topology import spec_of
from cli.servers.ports import free_port
from tests.waiting import eventually


class Consumer(DeliveryServiceServicer):
    """Answers as a test says."""

    def __init__(self) -> None:
        self.requests: list[DeliverRequest] = []
        self.answer: Callable[[Any], DeliverResponse] = lambda _context: DeliverResponse()

    def Deliver(self, request: DeliverRequest, context: Any) -> DeliverResponse:
        self.requests.append(request)
        return self.answer(context)


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def address(consumer: Consumer) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(16))
    add_DeliveryServiceServicer_to_server(consumer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


class Receipts:
    def __init__(self) -> None:
        self.stored: list[tuple[str, str]] = []
        self.is_away = False

    def __call__(self, event_ids: Sequence[str], consumer: str) -> None:
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE")
        self.stored += [(event_id, consumer) for event_id in event_ids]


@pytest.fixture
def receipts() -> Receipts:
    return Receipts()


@pytest.fixture
def courier(address: str, receipts: Receipts) -> Iterator[Courier]:
    made = Courier({"notify": grpc.insecure_channel(address)}, receipt=receipts)
    yield made
    made.close()


def a_row() -> OutboxRow:
    row = row_of(spec_of(PageRequested), PageRequested(page_id="p1"), Emission("a1", 1, None))
    return stamped(row, tenant_id="alpha", now=datetime(2026, 3, 1, tzinfo=UTC), traceparent="")


def outcome(name: str) -> float:
    return float(delivered.labels(name)._value.get())


def refusing(code: grpc.StatusCode, reason: str) -> Callable[[Any], DeliverResponse]:
    def answer(context: Any) -> DeliverResponse:
        details = AnyMessage()
        details.Pack(ErrorInfo(reason=reason, domain="notify.haven"))
        status = status_pb2.Status(code=code.value[0], message="no", details=[details])
        context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("unreachable")

    return answer


def test_a_taken_event_is_receipted(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    row = a_row()

    courier.deliver([row])

    eventually(lambda: receipts.stored == [(row.event_id, "notify")], within=10)
    envelope = consumer.requests[0].envelope
    assert (envelope.event_id, envelope.tenant_id) == (row.event_id, "alpha")
    assert envelope.body == row.body


def test_an_event_that_the_queue_brought_first_is_receipted(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    consumer.answer = lambda _context: DeliverResponse(repeated_delivery=True)
    before = outcome("repeated")

    courier.deliver([a_row()])

    eventually(lambda: receipts.stored, within=10)
    eventually(lambda: outcome("repeated") == before + 1, within=10)


def test_an_expired_event_is_receipted_so_that_nobody_repeats_it(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    consumer.answer = refusing(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_EXPIRED")

    courier.deliver([a_row()])

    eventually(lambda: receipts.stored, within=10)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "EVENT_TYPE_UNKNOWN"),
        (grpc.StatusCode.PERMISSION_DENIED, "EVENT_PUBLISHER_WRONG"),
    ],
)
def test_a_refused_event_has_no_receipt(
    courier: Courier, consumer: Consumer, receipts: Receipts, code: grpc.StatusCode, reason: str
) -> None:
    consumer.answer = refusing(code, reason)
    before = outcome("refused")

    courier.deliver([a_row()])

    eventually(lambda: outcome("refused") == before + 1, within=10)
    assert receipts.stored == []


def test_a_receipt_that_cannot_be_stored_is_not_forgotten_but_repeated(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    receipts.is_away = True
    row, before = a_row(), outcome("unrecorded")
    courier.deliver([row])
    eventually(lambda: outcome("unrecorded") == before + 1, within=10)
    receipts.is_away = False

    courier.deliver([row])

    eventually(lambda: receipts.stored, within=10)
    assert len(consumer.requests) == 2


def test_a_consumer_that_is_away_has_no_receipt(receipts: Receipts) -> None:
    nobody = grpc.insecure_channel(f"127.0.0.1:{free_port()}")
    courier = Courier({"notify": nobody}, receipt=receipts)
    before = outcome("away")

    courier.deliver([a_row()])

    eventually(lambda: outcome("away") == before + 1, within=10)
    assert receipts.stored == []
    courier.close()


def test_a_consumer_without_an_address_is_left_to_others(receipts: Receipts) -> None:
    before = outcome("postponed")

    Courier({}, receipt=receipts).deliver([a_row()])

    assert outcome("postponed") == before + 1


def test_the_same_delivery_is_not_started_twice_at_once(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    release, row = threading.Event(), a_row()

    def slow(_context: Any) -> DeliverResponse:
        release.wait(5)
        return DeliverResponse()

    consumer.answer = slow
    courier.deliver([row])
    courier.deliver([row])
    eventually(lambda: consumer.requests, within=10)
    release.set()

    eventually(lambda: receipts.stored, within=10)
    assert len(consumer.requests) == 1


def test_a_hanging_consumer_is_asked_by_a_few_calls_only_and_holds_no_other(
    courier: Courier, consumer: Consumer, receipts: Receipts
) -> None:
    release = threading.Event()

    def hanging(_context: Any) -> DeliverResponse:
        release.wait(20)
        return DeliverResponse()

    consumer.answer = hanging
    before = outcome("away")
    courier.deliver([a_row()])
    eventually(lambda: outcome("away") == before + 1, within=10)
    asked = len(consumer.requests)

    courier.deliver([a_row() for _ in range(50)])

    eventually(lambda: len(consumer.requests) > asked, within=10)
    assert len(consumer.requests) - asked <= PROBES
    release.set()
    consumer.answer = lambda _context: DeliverResponse()


def test_a_consumer_that_takes_others_meanwhile_is_busy_and_not_away(
    courier: Courier, consumer: Consumer, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "DELIVER_SECONDS", 1.0)
    release = threading.Event()

    def hanging_at_first(_context: Any) -> DeliverResponse:
        if len(consumer.requests) == 1:
            release.wait(20)
        return DeliverResponse()

    consumer.answer = hanging_at_first
    before, postponed = outcome("away"), outcome("postponed")
    courier.deliver([a_row()])
    eventually(lambda: consumer.requests, within=10)
    courier.deliver([a_row()])
    eventually(lambda: outcome("away") == before + 1, within=10)

    courier.deliver([a_row() for _ in range(50)])

    eventually(lambda: len(receipts.stored) == 51, within=10)
    assert outcome("postponed") == postponed
    release.set()


def test_closing_leaves_what_waits_to_the_next_relay(courier: Courier, receipts: Receipts) -> None:
    courier.close()
    before = outcome("postponed")

    courier.deliver([a_row()])

    assert outcome("postponed") == before + 1
