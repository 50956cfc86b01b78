"""A channel reaches a peer that is slow to let its callers in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from chassis.rpc.channel import open_channel
from tests.waiting import eventually

SLOW_SECONDS = 1.5  # longer than the longest pause between two attempts


class SlowDoor:
    """Takes every connection at once and lets it through late, as a busy peer does."""

    def __init__(self, port: int) -> None:
        self._port, self._over = port, threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                threading.Thread(target=self._admit, args=[caller], daemon=True).start()

    def _admit(self, caller: socket.socket) -> None:
        if self._over.wait(SLOW_SECONDS):
            return
        with suppress(OSError), caller, socket.create_connection(("127.0.0.1", self._port)) as peer:
            threading.Thread(target=_copy, args=[caller, peer], daemon=True).start()
            _copy(peer, caller)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)


@pytest.fixture
def peer() -> Iterator[int]:
    """A served health service's port."""
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None)


@pytest.fixture
def slow_port(peer: int) -> Iterator[int]:
    door = SlowDoor(peer)
    yield door.port
    door.close()


def answers(channel: grpc.Channel) -> bool:
    stub = health_pb2_grpc.HealthStub(channel)
    try:
        stub.Check(health_pb2.HealthCheckRequest(), timeout=0.5)
    except grpc.RpcError:
        return False
    return True


def test_a_peer_that_is_slow_to_let_callers_in_is_reached(slow_port: int) -> None:
    with open_channel(f"127.0.0.1:{slow_port}") as channel:
        eventually(lambda: answers(channel), within=10)
