"""Staff know whose connection is about to drop; operators see figures about nobody."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import activities_pb2 as pb
from prometheus_client import REGISTRY

from chassis.call import Call
from chassis.errors import InvalidArgument
from services.sessions.codec import acts, frames
from services.sessions.domain.commands import Lead, ReportQuality
from services.sessions.domain.quality import Device, Grade, Quality, Report
from tests.unit.sessions.builders import NOON, after
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

QUIET = timedelta(seconds=30)


def a_report(
    round_trip: float | None = 0.05,
    *,
    jitter: float | None = 0.005,
    loss_ratio: float | None = 0.0,
    device: Device = Device.PHONE,
) -> Report:
    return Report(round_trip, jitter, loss_ratio, device)


GOOD, POOR = a_report(), a_report(loss_ratio=0.3)


@pytest.mark.parametrize(
    ("report", "grade"),
    [
        (GOOD, Grade.GOOD),
        (a_report(0.3), Grade.GOOD),
        (a_report(0.5), Grade.FAIR),
        (a_report(0.9), Grade.POOR),
        (a_report(jitter=0.05), Grade.FAIR),
        (a_report(jitter=0.2), Grade.POOR),
        (a_report(loss_ratio=0.05), Grade.FAIR),
        (POOR, Grade.POOR),
        (a_report(None, jitter=None, loss_ratio=0.2), Grade.POOR),
    ],
)
def test_a_connection_is_as_bad_as_its_worst_part(report: Report, grade: Grade) -> None:
    report.require_plausible()
    assert report.grade is grade


@pytest.mark.parametrize(
    "report",
    [
        a_report(-0.001),
        a_report(60.5),
        a_report(jitter=-1.0),
        a_report(jitter=61.0),
        a_report(loss_ratio=1.01),
        a_report(loss_ratio=-0.1),
        a_report(loss_ratio=math.nan),
        a_report(loss_ratio=math.inf),
        a_report(None, jitter=None, loss_ratio=None),
    ],
)
def test_numbers_that_no_connection_has_are_refused(report: Report) -> None:
    with pytest.raises(InvalidArgument) as error:
        report.require_plausible()
    assert error.value.reason == "QUALITY_INVALID"


def test_a_frame_is_read_as_it_was_measured() -> None:
    frame = pb.ReportQuality(
        round_trip=Duration(nanos=250_000_000), loss_ratio=0.0, device_class=pb.DEVICE_CLASS_TABLET
    )
    assert acts.report_quality("s-1", frame).report == Report(0.25, None, 0.0, Device.TABLET)
    odd = pb.ReportQuality(jitter=Duration(seconds=-5), device_class=77)
    assert acts.report_quality("s-1", odd).report == Report(None, -5.0, None, Device.UNKNOWN)


def test_a_drop_is_news_at_once_and_recovery_once_it_holds() -> None:
    quality = Quality("pa-1", "s-1", GOOD, NOON)
    assert not quality.news(NOON, QUIET)
    quality.take(POOR, NOON)
    assert quality.news(NOON, QUIET)
    assert not quality.news(after(seconds=5), QUIET)
    quality.take(GOOD, after(seconds=10))
    assert not quality.news(after(seconds=10), QUIET)
    quality.take(POOR, after(seconds=15))
    assert not quality.news(after(seconds=15), QUIET)
    quality.take(GOOD, after(seconds=40))
    assert quality.news(after(seconds=40), QUIET)
    quality.take(POOR, after(seconds=41))
    assert quality.news(after(seconds=41), QUIET)


@pytest.fixture
def ward() -> Ward:
    """An open room with two patients and its facilitator."""
    ward = Ward()
    ward.opens()
    for call in (by_patient("p-1"), by_patient("p-2"), by_facilitator()):
        ward.enters(call)
    return ward


def reports(ward: Ward, report: Report, call: Call | None = None) -> None:
    ward.sessions.qualities.report(call or by_patient(), ReportQuality("s-1", report))


def told(ward: Ward) -> list[tuple[str, int]]:
    """Alias and grade, as the facilitator is told."""
    shown = [
        frames.private_event(each, call_number="988", for_staff=True).private_event
        for each in ward.private("f-1")
    ]
    return [(each.connection_quality.alias, each.connection_quality.grade) for each in shown]


def test_staff_are_told_who_is_about_to_drop_and_who_works_again(ward: Ward) -> None:
    for report in (GOOD, POOR, POOR):
        reports(ward, report)
    assert told(ward) == [("Blue Heron 4", pb.QUALITY_GRADE_POOR)]
    ward.pass_time(seconds=31)
    reports(ward, GOOD)
    assert told(ward)[1:] == [("Blue Heron 4", pb.QUALITY_GRADE_GOOD)]


def test_nothing_of_it_is_in_the_room_or_in_the_audit_trail(ward: Ward) -> None:
    room, rows = ward.room(), len(ward.store.documents("audit_entries"))
    for report in (GOOD, POOR):
        reports(ward, report)

    assert ward.room() == room
    assert len(ward.store.documents("audit_entries")) == rows
    assert ward.private("p-1") == ward.private("p-2") == []


def test_the_last_report_of_each_is_in_the_welcome_of_staff_alone(ward: Ward) -> None:
    reports(ward, POOR)
    reports(ward, a_report(0.5, device=Device.COMPUTER), by_patient("p-2"))
    reports(ward, a_report(0.1))

    staff = frames.welcome(ward.enters(by_facilitator()), heartbeat_seconds=1).welcome
    seen = {each.alias: each.connection_quality for each in staff.participants}
    assert seen["Blue Heron 4"].round_trip.ToTimedelta() == timedelta(seconds=0.1)
    assert seen["Red Fox 7"].device_class == pb.DEVICE_CLASS_COMPUTER
    assert seen["Red Fox 7"].grade == pb.QUALITY_GRADE_FAIR
    peer = frames.welcome(ward.enters(by_patient("p-2")), heartbeat_seconds=1).welcome
    assert not any(each.HasField("connection_quality") for each in peer.participants)


def test_a_facilitators_own_connection_is_no_news_to_them(ward: Ward) -> None:
    reports(ward, POOR, by_facilitator())
    assert told(ward) == []


def test_with_the_session_it_is_gone(ward: Ward) -> None:
    reports(ward, GOOD)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    reports(ward, GOOD)
    assert ward.store.documents("connection_qualities") == []


def test_figures_are_kept_by_class_of_device_and_by_nothing_else(ward: Ward) -> None:
    def counted() -> list[float]:
        names = ("round_trip_seconds", "jitter_seconds", "packet_loss_ratio")
        found = [
            REGISTRY.get_sample_value(f"haven_sessions_{name}_count", {"device": "phone"})
            for name in names
        ]
        return [each or 0 for each in found]

    before = counted()
    reports(ward, a_report(jitter=None))
    assert counted() == [before[0] + 1, before[1], before[2] + 1]


def test_an_implausible_report_counts_nowhere(ward: Ward) -> None:
    with pytest.raises(InvalidArgument):
        reports(ward, a_report(99.0))
    assert ward.store.documents("connection_qualities") == []
