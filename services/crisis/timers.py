"""What crisis does when time passes, and what it can say at any moment about what is waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.errors import HavenError
from chassis.log import failure, get_logger
from chassis.timers import DueWork
from services.crisis.bootstrap import Crisis
from services.crisis.domain.signal import Severity
from services.crisis.store import CASES

log = get_logger(__name__)


def due_work(crisis: Crisis) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [DueWork("case-deadlines", CASES, "next_deadline_time", crisis.cases.climb)]


def publish_census(crisis: Crisis, tenant_ids: Iterable[str]) -> None:
    """From now on every scrape of this process tells how many cases are unresolved."""
    REGISTRY.register(Census(crisis, tenant_ids))


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
