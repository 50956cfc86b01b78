"""What notify does when time passes: messages whose attempt is due are tried, people reminded, and
it is looked at whom of the staff a page can reach.

Each class of messages has a loop, a lease and threads of its own: nothing of another class can
stand before a message, however much of it waits. And what it can say at any moment about where its
messages are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.call import system_call
from chassis.due_work import DueWork, Ranking
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from services.notify.bootstrap import SERVICE, Notify
from services.notify.codec.documents import DUE_FIELDS
from services.notify.domain.message import MessageClass, State
from services.notify.shelves.reach import REACH_DUE, STAFF_REACH
from services.notify.shelves.reminders import PLANNED_SESSIONS, REMIND_DUE
from services.notify.store import EARLIER_DUE, MESSAGES

# An attempt waits for its provider, up to CLAIM where that one hangs; so many may, before people
# whose provider is well wait for them. They hold no connection to the database meanwhile.
PAGES_AT_ONCE = 32
WORST_FIRST = Ranking("page_severity", ("high", "moderate", "low"))

log = get_logger(__name__)


def due_work(notify: Notify) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    send, together = notify.sending.send, notify.sending_together.send
    return [
        DueWork(
            "crisis-messages",
            MESSAGES,
            DUE_FIELDS[MessageClass.CRISIS],
            send,
            ranking=WORST_FIRST,
            threads=PAGES_AT_ONCE,
        ),
        *(
            DueWork(f"{message_class}-messages", MESSAGES, field, send, handle_all=together)
            for message_class, field in DUE_FIELDS.items()
            if message_class is not MessageClass.CRISIS
        ),
        DueWork("other-messages", MESSAGES, EARLIER_DUE, send, handle_all=together),
        DueWork("session-reminders", PLANNED_SESSIONS, REMIND_DUE, notify.reminding.remind),
        DueWork("staff-reach", STAFF_REACH, REACH_DUE, notify.reaching.look),
    ]


def begin_reach_looks(notify: Notify, tenant_ids: Iterable[str]) -> None:
    """See to it that every tenant's staff is looked at, whether or not anybody ever registers.

    Where the database is away a later start, or the tenant's next registration, does it.
    """
    for tenant_id in sorted(tenant_ids):
        try:
            notify.reaching.begin(system_call(tenant_id, service=SERVICE, action="reach.begin"))
        except HavenError as error:
            log.warning("reach.looks-not-begun", **failure(error))
            return


def publish_census(notify: Notify, tenant_ids: Iterable[str]) -> None:
    """From now on every scrape of this process tells where all messages are."""
    REGISTRY.register(Census(notify, tenant_ids))


class Census(Collector):
    """Counts at the moment of the scrape, from stored state: no process has to remember.

    accepted = delivered + failed_final + parked + withdrawn + in flight holds at every instant;
    the gap is what would be missing in it.
    """

    def __init__(self, notify: Notify, tenant_ids: Iterable[str]) -> None:
        self._notify = notify
        self._tenant_ids = sorted(tenant_ids)

    def describe(self) -> list[GaugeMetricFamily]:
        """The metrics without values, so that registering asks no database."""
        return list(_families())

    def collect(self) -> list[GaugeMetricFamily]:
        """The metrics; none while the database is away, which its own alert tells."""
        try:
            found = [self._notify.queries.census(tenant_id) for tenant_id in self._tenant_ids]
        except HavenError as error:
            log.warning("census.not-taken", **failure(error))
            return []
        counts: Counter[tuple[MessageClass, State]] = Counter()
        for census in found:
            counts.update(census.stored)
        stored, gap = _families()
        for message_class in MessageClass:
            for state in State:
                stored.add_metric([message_class, state], counts[message_class, state])
        gap.add_metric([], sum(census.gap for census in found))
        return [stored, gap]


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily(
            "haven_notify_messages_stored",
            "Messages of all tenants by where they stand: in flight, or ended and of the last day.",
            labels=["class", "state"],
        ),
        GaugeMetricFamily(
            "haven_notify_conservation_gap",
            "Messages in no known state, in flight without a time, or ended with one; must be 0.",
        ),
    )
