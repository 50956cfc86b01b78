"""How well connections work: for operators as figures about nobody, for staff the last of each.

Reports add no audit rows and no events of the room; they go with the session.
"""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import Histogram

from chassis.call import Call
from chassis.store import Store, Tx
from services.sessions.domain.commands import ReportQuality
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.quality import Device, Quality, Report
from services.sessions.handlers.standing import place_of, quiet, tell_staff
from services.sessions.ports import Policies, Records

round_trips = Histogram(
    "haven_sessions_round_trip_seconds",
    "There and back, as clients measure it.",
    ["device"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5, 3, 10),
)
jitters = Histogram(
    "haven_sessions_jitter_seconds",
    "How unevenly packets come, as clients measure it.",
    ["device"],
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 2),
)
losses = Histogram(
    "haven_sessions_packet_loss_ratio",
    "Packets that do not come, as clients measure it.",
    ["device"],
    buckets=(0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
)
for _device in Device:
    for _figure in (round_trips, jitters, losses):
        _figure.labels(_device.value)


class Qualities:
    """The newest report of a participant replaces the one before."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def report(self, call: Call, command: ReportQuality) -> None:
        """Take a report; staff are told where a connection is about to drop or works again."""
        command.report.require_plausible()
        _observe(command.report)
        self._store.transact(quiet(call), lambda tx: self._report(tx, command))

    def _report(self, tx: Tx, command: ReportQuality) -> None:
        place, session = place_of(self._records, tx, command.session_id)
        if session.is_over:
            return
        quality = self._records.qualities.peek(tx, place.id)
        if quality is None:
            quality = Quality(place.id, session.id, command.report, tx.now)
        quality.take(command.report, tx.now)
        quiet_for = self._policies(tx.call.tenant_id).quality_quiet_seconds
        if place.patient_id and quality.news(tx.now, timedelta(seconds=quiet_for)):
            alias = self._records.copies.alias(tx, place.patient_id, session.schedule.group_id)
            tell_staff(self._records, tx, session, PrivateEvent(quality, tx.now, alias))
        self._records.qualities.put(tx, quality)


def _observe(report: Report) -> None:
    figures = (
        (round_trips, report.round_trip),
        (jitters, report.jitter),
        (losses, report.loss_ratio),
    )
    for histogram, value in figures:
        if value is not None:
            histogram.labels(report.device.value).observe(value)
