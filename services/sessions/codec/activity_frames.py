"""Polls, moods and qualities as messages. What peers may know of a poll is decided here."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import activities_pb2
from haven.sessions.v1.events_pb2 import CHAT_RISK_SEVERITY_UNSPECIFIED as NO_SEVERITY

from services.sessions.codec.attested import timestamp
from services.sessions.codec.events import CHAT_SEVERITIES
from services.sessions.domain.mood import MoodCheckIn, MoodConcern
from services.sessions.domain.poll import Audience, PollTally, PollView
from services.sessions.domain.quality import Device, Grade, Quality
from services.sessions.domain.reaction import Reaction

REACTIONS = {
    reaction: activities_pb2.Reaction.Value(f"REACTION_{reaction.name}") for reaction in Reaction
}
AUDIENCES = {
    audience: activities_pb2.PollAudience.Value(f"POLL_AUDIENCE_{audience.name}")
    for audience in Audience
}
CONCERNS = {
    concern: activities_pb2.MoodConcern.Value(f"MOOD_CONCERN_{concern.name}")
    for concern in MoodConcern
}
DEVICES = {
    Device.UNKNOWN: activities_pb2.DEVICE_CLASS_UNSPECIFIED,
    Device.PHONE: activities_pb2.DEVICE_CLASS_PHONE,
    Device.TABLET: activities_pb2.DEVICE_CLASS_TABLET,
    Device.COMPUTER: activities_pb2.DEVICE_CLASS_COMPUTER,
}
GRADES = {
    grade: activities_pb2.QualityGrade.Value(f"QUALITY_GRADE_{grade.name}") for grade in Grade
}


def poll_message(view: PollView, *, for_staff: bool) -> activities_pb2.Poll:
    """Counts for staff always, for peers where the view says so; nobody's vote but the own one."""
    is_hidden = view.is_hidden_from_peers and not for_staff
    is_open = view.is_open
    return activities_pb2.Poll(
        poll_id=view.poll_id,
        question=view.question.text,
        options=view.question.options,
        audience=AUDIENCES[view.question.audience],
        state=activities_pb2.POLL_STATE_OPEN if is_open else activities_pb2.POLL_STATE_CLOSED,
        counts=() if is_hidden else view.counts,
        is_result_hidden=is_hidden,
        own_option=view.own_option,
    )


def tally_message(tally: PollTally) -> activities_pb2.PollTally:
    """The votes so far."""
    return activities_pb2.PollTally(poll_id=tally.poll_id, counts=tally.counts)


def mood_message(mood: MoodCheckIn, alias: str) -> activities_pb2.MoodCheckIn:
    """How a patient said they are, and why somebody should look."""
    severity = mood.severity
    return activities_pb2.MoodCheckIn(
        mood_check_in_id=mood.id,
        session_id=mood.session_id,
        alias=alias,
        value=mood.value,
        ask_number=mood.ask_number,
        concerns=[CONCERNS[each] for each in mood.concerns],
        severity=CHAT_SEVERITIES[severity] if severity else NO_SEVERITY,
        is_crisis_told=mood.is_crisis_told,
        give_time=timestamp(mood.give_time),
    )


def quality_message(quality: Quality, alias: str) -> activities_pb2.ConnectionQuality:
    """What a client said last, and what it means."""
    report = quality.report
    return activities_pb2.ConnectionQuality(
        alias=alias,
        grade=GRADES[report.grade],
        round_trip=_duration(report.round_trip),
        jitter=_duration(report.jitter),
        loss_ratio=report.loss_ratio,
        device_class=DEVICES[report.device],
        report_time=timestamp(quality.report_time),
    )


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message
