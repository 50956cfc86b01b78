"""What crisis does when time passes, and what it can say at any moment about what is waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.call import system_call
from chassis.due_work import DueWork, Ranking
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from services.crisis.bootstrap import SERVICE, Crisis
from services.crisis.domain.coverage import hours_by_kind
from services.crisis.domain.follow_up import Kind
from services.crisis.domain.jurisdiction import NumberKind
from services.crisis.domain.signal import Severity
from services.crisis.store import CASES, FOLLOW_UPS, PERSON_REQUESTS
from services.crisis.store.on_call import CHECKS

WORST_FIRST = Ranking("severity", ("high", "moderate", "low"))

log = get_logger(__name__)
T = TypeVar("T")


def due_work(crisis: Crisis) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [
        DueWork(
            "case-deadlines", CASES, "next_deadline_time", crisis.cases.climb, ranking=WORST_FIRST
        ),
        DueWork("follow-ups", FOLLOW_UPS, "escalate_time", crisis.care.follow_ups.escalate),
        DueWork("person-queue", PERSON_REQUESTS, "act_time", crisis.care.person_queue.act),
        DueWork("case-hand-offs", CASES, "next_hand_off_time", crisis.hand_offs.hand_off),
        DueWork("plan-changes", CHECKS, "plan_change_time", crisis.hand_offs.after_change),
        DueWork("cover-checks", CHECKS, "next_check_time", crisis.on_call.check),
    ]


def begin_cover_checks(crisis: Crisis, tenant_ids: Iterable[str]) -> None:
    """See to it that every tenant's cover is looked at, whether or not a plan ever changes.

    Where the database is away a later start, or the tenant's next change, does it.
    """
    for tenant_id in sorted(tenant_ids):
        try:
            crisis.on_call.begin(system_call(tenant_id, service=SERVICE, action="cover.begin"))
        except HavenError as error:
            log.warning("cover.checks-not-begun", **failure(error))
            return


def publish_census(crisis: Crisis, tenant_ids: Iterable[str]) -> None:
    """From now on every scrape of this process tells how many cases are unresolved, and how many
    hours to come nobody covers."""
    tenant_ids = sorted(tenant_ids)
    REGISTRY.register(Census(crisis, tenant_ids))
    REGISTRY.register(CoverCensus(crisis, tenant_ids))


class Census(Collector):
    """Counts at the moment of the scrape, from stored state: no process has to remember."""

    def __init__(self, crisis: Crisis, tenant_ids: Iterable[str]) -> None:
        self._crisis = crisis
        self._tenant_ids = sorted(tenant_ids)

    def describe(self) -> list[GaugeMetricFamily]:
        """The metrics without values, so that registering asks no database."""
        return [_open_cases(), _without_deadline(), _overdue(), _oldest_held(), _without_number()]

    def collect(self) -> list[GaugeMetricFamily]:
        """The metrics; none while the database is away, which its own alert tells."""
        try:
            return [*self._cases(), self._follow_ups(), self._held(), self._places()]
        except HavenError as error:
            log.warning("census.not-taken", **failure(error))
            return []

    def _cases(self) -> list[GaugeMetricFamily]:
        cases = self._of_all(self._crisis.case_queries.unresolved)
        open_cases, without_deadline = _open_cases(), _without_deadline()
        for severity in Severity:
            count = sum(1 for each, _ in cases if each is severity)
            open_cases.add_metric([severity.name.lower()], count)
        without_deadline.add_metric([], sum(1 for _, has_deadline in cases if not has_deadline))
        return [open_cases, without_deadline]

    def _follow_ups(self) -> GaugeMetricFamily:
        found = Counter(self._of_all(self._crisis.care.follow_up_queries.overdue))
        overdue = _overdue()
        for kind in Kind:
            overdue.add_metric([kind.value], found[kind])
        return overdue

    def _held(self) -> GaugeMetricFamily:
        since = self._of_all(self._crisis.care.follow_up_queries.oldest_held)
        oldest = _oldest_held()
        oldest.add_metric([], min(since).timestamp() if since else 0)
        return oldest

    def _places(self) -> GaugeMetricFamily:
        found = Counter(self._of_all(self._crisis.care.places.without_number))
        without = _without_number()
        for kind in NumberKind:
            without.add_metric([kind.value], found[kind])
        return without

    def _of_all(self, look: Callable[[str], Sequence[T]]) -> list[T]:
        return [each for tenant_id in self._tenant_ids for each in look(tenant_id)]


def _open_cases() -> GaugeMetricFamily:
    text = "Unresolved cases of all tenants."
    return GaugeMetricFamily("haven_crisis_open_cases", text, labels=["severity"])


def _without_deadline() -> GaugeMetricFamily:
    text = "Unresolved cases that would never act by themselves; must be 0."
    return GaugeMetricFamily("haven_crisis_cases_without_deadline", text)


def _overdue() -> GaugeMetricFamily:
    text = "Follow-ups of all tenants whose time has passed and that nobody has closed."
    return GaugeMetricFamily("haven_crisis_follow_ups_overdue", text, labels=["kind"])


def _oldest_held() -> GaugeMetricFamily:
    text = "Since when somebody whom a group could not take waits for a contact; 0 = nobody does."
    return GaugeMetricFamily("haven_crisis_oldest_individual_contact_timestamp_seconds", text)


def _without_number() -> GaugeMetricFamily:
    text = "States where patients have been and no fresh local number is known, over all tenants."
    return GaugeMetricFamily("haven_crisis_jurisdictions_without_number", text, labels=["kind"])


class CoverCensus(Collector):
    """Hours that nobody covers, from the plans at the moment of the scrape: right also where no
    timer runs."""

    def __init__(self, crisis: Crisis, tenant_ids: Iterable[str]) -> None:
        self._crisis = crisis
        self._tenant_ids = sorted(tenant_ids)

    def describe(self) -> list[GaugeMetricFamily]:
        """The metric without values, so that registering asks no database."""
        return [_uncovered_hours()]

    def collect(self) -> list[GaugeMetricFamily]:
        """The metric; none while the database is away, which its own alert tells."""
        try:
            gaps = [
                gap
                for tenant_id in self._tenant_ids
                for gap in self._crisis.on_call_queries.uncovered(tenant_id)
            ]
        except HavenError as error:
            log.warning("census.not-taken", **failure(error))
            return []
        family = _uncovered_hours()
        for kind, hours in hours_by_kind(gaps).items():
            family.add_metric([kind.value], hours)
        return [family]


def _uncovered_hours() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "haven_crisis_uncovered_hours",
        "Hours within the next 14 days in which nobody is behind a target of rungs; all tenants.",
        labels=["kind"],
    )
