"""What waits is shown from stored state, whichever relay looks and whatever else stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from chassis.outbox.gauges import GaugeLoop
from chassis.store import Pending
from chassis.topology import MessageClass

NOBODY = "amqp://guest:guest@127.0.0.1:1/"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAKEN_BY_NOBODY = "haven_outbox_oldest_awaiting_timestamp_seconds"


class Outbox:
    """A store's outbox, as far as it is looked at."""

    def __init__(self) -> None:
        self.awaiting: datetime | None = None

    def pending_counts(self) -> Mapping[MessageClass, Pending]:
        return {MessageClass.CRISIS: Pending(0, None)}

    def oldest_awaiting(self) -> datetime | None:
        return self.awaiting


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def look(loop: GaugeLoop) -> None:
    """One turn, without a broker: what is stored is shown all the same."""
    with pytest.raises(Unavailable):
        loop.turn()


def test_a_crisis_event_that_the_broker_has_and_no_consumer_took_is_shown_until_it_is_taken() -> (
    None
):
    outbox = Outbox()
    loop = GaugeLoop("wards", outbox, amqp_uri=NOBODY, queues=[])
    assert shown(TAKEN_BY_NOBODY, service="wards") == 0

    outbox.awaiting = NOON
    look(loop)
    assert shown(TAKEN_BY_NOBODY, service="wards") == NOON.timestamp()

    outbox.awaiting = None
    look(loop)
    assert shown(TAKEN_BY_NOBODY, service="wards") == 0
