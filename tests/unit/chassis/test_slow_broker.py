"""A broker that is slow and not dead keeps no loop for longer than a turn may last."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chassis.broker import PUMP_SECONDS, Outgoing, Publisher
from tests.unit.chassis.relay_stand import Seconds

MESSAGES = [Outgoing(f"m{number}", "", "queue", b"") for number in range(500)]


class Slow:
    """A connection and its channel: the broker confirms one message each time it is heard."""

    def __init__(self, seconds: Seconds) -> None:
        self.publisher = Publisher("amqp://", window=200, monotonic=seconds)
        self.publisher._connection, self.publisher._channel = cast(Any, self), self
        self._seconds, self.sent, self._confirmed = seconds, 0, 0

    def basic_publish(self, *_message: Any, **_place: Any) -> None:
        self.sent += 1

    def drain_events(self, timeout: float) -> None:
        self._seconds.now += timeout
        if timeout < PUMP_SECONDS or self._confirmed == self.sent:
            raise TimeoutError
        self._confirmed += 1
        self.publisher._on_ack(self._confirmed, multiple=False)

    def heartbeat_tick(self) -> None:
        """Nothing is due."""


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def slow(seconds: Seconds) -> Slow:
    return Slow(seconds)


def test_a_slow_broker_is_left_in_time_with_what_is_known(slow: Slow, seconds: Seconds) -> None:
    begin = seconds.now

    known = slow.publisher.publish(MESSAGES, within=1.0)

    assert seconds.now - begin == pytest.approx(1.0, abs=2 * PUMP_SECONDS)
    assert 9 <= len(known.confirmed) <= 11
    assert slow.publisher.is_open
    assert len(slow.publisher.in_flight) == slow.sent - len(known.confirmed)


def test_what_a_slow_broker_has_not_confirmed_is_learned_of_later_and_never_sent_again(
    slow: Slow,
) -> None:
    confirmed: list[str] = []
    for _ in range(60):
        confirmed += slow.publisher.publish(MESSAGES[len(confirmed) :], within=1.0).confirmed

    assert confirmed == [each.id for each in MESSAGES]
    assert slow.sent == len(MESSAGES)
