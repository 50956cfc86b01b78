"""A broker that freezes in the middle of a frame: whoever hears it must not wait for the rest."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from chassis.broker import Publisher
from tests.waiting import eventually


class Narrow:
    """One connection to the broker; once told so, it lets all but the last byte of a piece pass,
    and nothing more."""

    def __init__(self, uri: str) -> None:
        target = urlsplit(uri)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._broker = socket.create_connection((target.hostname or "", target.port or 0))
        port = self._listening.getsockname()[1]
        self.uri = uri.replace(f":{target.port}", f":{port}")
        self._is_narrow, self.has_cut = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def narrow(self) -> None:
        """From the next piece on."""
        self._is_narrow.set()

    def close(self) -> None:
        for each in (self._listening, self._broker, self._client):
            each.close()

    def _accept(self) -> None:
        self._client, _ = self._listening.accept()
        threading.Thread(target=self._ask, daemon=True).start()
        with suppress(OSError):
            while data := self._broker.recv(65_536):
                if self._is_narrow.is_set():
                    self._client.sendall(data[:-1])
                    self.has_cut.set()
                    return
                self._client.sendall(data)

    def _ask(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65_536):
                self._broker.sendall(data)


@pytest.fixture
def way(vhost: str) -> Iterator[Narrow]:
    made = Narrow(vhost)
    yield made
    made.close()


def test_a_relay_that_got_half_a_frame_goes_on_with_its_turns(way: Narrow) -> None:
    publisher, turns, is_over = Publisher(way.uri), [0], threading.Event()
    publisher.open()

    def tend() -> None:
        while not is_over.wait(0.01):
            publisher.tend()
            turns[0] += 1

    tending = threading.Thread(target=tend, daemon=True)
    tending.start()
    way.narrow()
    assert way.has_cut.wait(20)  # the broker's heartbeat
    before = turns[0]

    eventually(lambda: turns[0] > before + 3, within=20)

    is_over.set()
    tending.join()
    publisher.close()
