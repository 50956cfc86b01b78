"""What crisis counts of its cases."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from services.crisis.domain.case import Case
from services.crisis.domain.signal import Severity, Source
from services.crisis.domain.timeline import ActKind

time_to_acknowledge = Histogram(
    "haven_crisis_time_to_acknowledge_seconds",
    "From the moment nobody has a case to its acknowledgement.",
    ["severity"],
    buckets=(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800),
)
time_to_contact = Histogram(
    "haven_crisis_time_to_contact_seconds",
    "From a patient's signal to contact, whoever had or lost the case meanwhile.",
    ["severity"],
    # With the time that an acknowledgement holds, by severity: 5 and 15 minutes, 4 hours.
    buckets=(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14_400),
)
pages_requested = Counter("haven_crisis_pages_requested", "Pages asked of notify.", ["severity"])
rungs_uncovered = Counter(
    "haven_crisis_rungs_uncovered",
    "Rungs that named nobody who is there; the supervisors were paged.",
    ["severity"],
)
cases_without_policy = Counter(
    "haven_crisis_cases_without_policy",
    "Cases opened for a tenant that has no escalation policy.",
    ["severity"],
)
for _severity in Severity:
    for _metric in (
        time_to_acknowledge,
        time_to_contact,
        pages_requested,
        rungs_uncovered,
        cases_without_policy,
    ):
        _metric.labels(_severity.name.lower())


def counted(case: Case) -> Case:
    """Move the metrics for what has just been committed; drills have metrics of their own."""
    if case.source is Source.DRILL:
        return case
    severity = case.severity.name.lower()
    kinds = [act.kind for act in case.timeline.latest]
    pages_requested.labels(severity).inc(kinds.count(ActKind.PAGED))
    rungs_uncovered.labels(severity).inc(kinds.count(ActKind.COVER_MISSED))
    if ActKind.OPENED in kinds and case.ladder.policy.version == 0:
        cases_without_policy.labels(severity).inc()
    acknowledge_time = case.responders.acknowledge_time
    if ActKind.ACKNOWLEDGED in kinds and acknowledge_time and case.wait_start:
        waited = acknowledge_time - case.wait_start
        time_to_acknowledge.labels(severity).observe(waited.total_seconds())
    if case.waited is not None:
        time_to_contact.labels(severity).observe(case.waited.total_seconds())
    return case
