"""A consumer that fails is away only as long as nobody has heard from it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from haven.delivery.v1.delivery_pb2 import Envelope

from chassis.outbox.peers import Peer


class Gone(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE


class Stub:
    answer: Callable[[], Any]

    def Deliver(self, *_: Any, **__: Any) -> Any:
        return self.answer()


def test_a_late_failure_of_an_old_call_does_not_call_a_consumer_back() -> None:
    """An old call begins; another is answered; the consumer dies; a new one fails; then the old."""
    peer, stub = Peer("notify", grpc.insecure_channel("127.0.0.1:1")), Stub()
    peer._stub = stub  # type: ignore[assignment]
    begun, let_fail = threading.Event(), threading.Event()

    def old() -> Any:
        begun.set()
        let_fail.wait(10)
        raise Gone

    def fail() -> Any:
        raise Gone

    def call() -> None:
        with pytest.raises(grpc.RpcError):
            peer.deliver(Envelope(), traceparent="")

    with ThreadPoolExecutor(1) as threads:
        stub.answer = old
        first = threads.submit(call)
        begun.wait(10)
        stub.answer = object
        peer.deliver(Envelope(), traceparent="")
        stub.answer = fail
        call()
        assert peer.is_failing
        let_fail.set()
        first.result(10)
    is_failing = peer.is_failing
    peer.close()

    assert is_failing, "nobody has answered since it failed"
