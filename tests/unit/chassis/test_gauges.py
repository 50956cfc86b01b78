"""What waits is shown from stored state, whichever relay looks and whatever else stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from chassis.due_work import DueWork
from chassis.errors import Unavailable
from chassis.outbox.gauges import GaugeLoop
from chassis.store import Pending
from chassis.store.engine import Due, Timetable
from chassis.topology import MessageClass

NOBODY = "amqp://guest:guest@127.0.0.1:1/"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DUE_LONGEST = "haven_timer_oldest_due_timestamp_seconds"
TAKEN_BY_NOBODY = "haven_outbox_oldest_awaiting_timestamp_seconds"


class Outbox:
    """A store's outbox, as far as it is looked at."""

    def __init__(self) -> None:
        self.awaiting: datetime | None = None
        self.due: list[Due] = []
        self.asked: list[tuple[str, str, int]] = []

    def pending_counts(self) -> Mapping[MessageClass, Pending]:
        return {MessageClass.CRISIS: Pending(0, None)}

    def oldest_awaiting(self) -> datetime | None:
        return self.awaiting

    def timetable(self, collection: str, field: str, *, limit: int) -> Timetable:
        self.asked.append((collection, field, limit))
        return Timetable(self.due[:limit], None)


REVIEWS = DueWork("reviews", "charts", "review_time", lambda _call, _id: None)


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
    loop = GaugeLoop("wards", outbox, amqp_uri=NOBODY, queues=[], due_work=[])
    assert shown(TAKEN_BY_NOBODY, service="wards") == 0

    outbox.awaiting = NOON
    look(loop)
    assert shown(TAKEN_BY_NOBODY, service="wards") == NOON.timestamp()

    outbox.awaiting = None
    look(loop)
    assert shown(TAKEN_BY_NOBODY, service="wards") == 0


def test_what_is_due_longest_is_shown_though_nobody_handles_it_and_one_question_is_asked() -> None:
    store = Outbox()
    loop = GaugeLoop("wards", store, amqp_uri=NOBODY, queues=[], due_work=[REVIEWS])
    assert shown(DUE_LONGEST, job="reviews") == 0

    store.due = [Due("t1", "c1", NOON), Due("t2", "c2", NOON + timedelta(seconds=9))]
    look(loop)
    assert shown(DUE_LONGEST, job="reviews") == NOON.timestamp()
    assert store.asked == [("charts", "review_time", 1)]

    store.due = []
    look(loop)
    assert shown(DUE_LONGEST, job="reviews") == 0
