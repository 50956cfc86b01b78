"""What crisis does when time passes, and what it can say at any moment about what is waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.call import system_call
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from chassis.timers import DueWork
from services.crisis.bootstrap import SERVICE, Crisis
from services.crisis.domain.coverage import hours_by_kind
from services.crisis.domain.signal import Severity
from services.crisis.store import CASES
from services.crisis.store.on_call import CHECKS

log = get_logger(__name__)


def due_work(crisis: Crisis) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [
        DueWork("case-deadlines", CASES, "next_deadline_time", crisis.cases.climb),
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
        return list(_families())

    def collect(self) -> list[GaugeMetricFamily]:
        """The metrics; none while the database is away, which its own alert tells."""
        try:
            cases = [
                case
                for tenant_id in self._tenant_ids
                for case in self._crisis.case_queries.unresolved(tenant_id)
            ]
        except HavenError as error:
            log.warning("census.not-taken", **failure(error))
            return []
        open_cases, without_deadline = _families()
        for severity in Severity:
            count = sum(1 for each, _ in cases if each is severity)
            open_cases.add_metric([severity.name.lower()], count)
        without_deadline.add_metric([], sum(1 for _, has_deadline in cases if not has_deadline))
        return [open_cases, without_deadline]


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily(
            "haven_crisis_open_cases", "Unresolved cases of all tenants.", labels=["severity"]
        ),
        GaugeMetricFamily(
            "haven_crisis_cases_without_deadline",
            "Unresolved cases that would never act by themselves; must be 0.",
        ),
    )


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
        "Hours within the next 14 days in which a rotation has nobody, of all tenants.",
        labels=["kind"],
    )
