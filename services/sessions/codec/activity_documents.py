"""Polls, moods and qualities of connections as documents and back."""

from __future__ import annotations

from chassis.store import Document
from services.sessions.domain.mood import MoodCheckIn, MoodConcern
from services.sessions.domain.poll import Audience, Poll, PollTally, PollView, Question
from services.sessions.domain.quality import Device, Quality, Report


def poll_document(poll: Poll) -> Document:
    """A poll. `votes` as pairs: a person's id must not become the name of a field."""
    return {
        "_id": poll.id,
        "session_id": poll.session_id,
        **_question_document(poll.question),
        "open_time": poll.open_time,
        "is_open": poll.is_open,
        "votes": [
            {"person_id": person_id, "option": option} for person_id, option in poll.votes.items()
        ],
        "counts": list(poll.counts),
        "close_time": poll.close_time,
    }


def poll_from(document: Document) -> Poll:
    """The poll again."""
    return Poll(
        document["_id"],
        document["session_id"],
        _question_from(document),
        document["open_time"],
        votes={each["person_id"]: each["option"] for each in document["votes"]},
        counts=tuple(document["counts"]),
        close_time=document["close_time"],
    )


def poll_view_document(view: PollView) -> Document:
    """A poll as an event of its room tells of it: nobody's vote."""
    return {
        "poll_id": view.poll_id,
        **_question_document(view.question),
        "counts": list(view.counts),
        "is_open": view.is_open,
        "is_hidden_from_peers": view.is_hidden_from_peers,
    }


def poll_view_from(document: Document) -> PollView:
    """The same again."""
    return PollView(
        document["poll_id"],
        _question_from(document),
        tuple(document["counts"]),
        document["is_open"],
        document["is_hidden_from_peers"],
    )


def tally_document(tally: PollTally) -> Document:
    """Votes so far."""
    return {"poll_id": tally.poll_id, "counts": list(tally.counts)}


def tally_from(document: Document) -> PollTally:
    """The same again."""
    return PollTally(document["poll_id"], tuple(document["counts"]))


def mood_document(mood: MoodCheckIn) -> Document:
    """A mood."""
    return {
        "_id": mood.id,
        "session_id": mood.session_id,
        "patient_id": mood.patient_id,
        "value": mood.value,
        "ask_number": mood.ask_number,
        "concerns": [each.value for each in mood.concerns],
        "give_time": mood.give_time,
        "is_crisis_told": mood.is_crisis_told,
    }


def mood_from(document: Document) -> MoodCheckIn:
    """The mood again."""
    return MoodCheckIn(
        document["_id"],
        document["session_id"],
        document["patient_id"],
        document["value"],
        document["ask_number"],
        tuple(MoodConcern(each) for each in document["concerns"]),
        document["give_time"],
        is_crisis_told=document["is_crisis_told"],
    )


def quality_document(quality: Quality) -> Document:
    """A participant's last report."""
    report = quality.report
    return {
        "_id": quality.id,
        "session_id": quality.session_id,
        "round_trip_seconds": report.round_trip,
        "jitter_seconds": report.jitter,
        "loss_ratio": report.loss_ratio,
        "device": report.device.value,
        "report_time": quality.report_time,
        "is_told_poor": quality.is_told_poor,
        "tell_time": quality.tell_time,
    }


def quality_from(document: Document) -> Quality:
    """The report again."""
    report = Report(
        document["round_trip_seconds"],
        document["jitter_seconds"],
        document["loss_ratio"],
        Device(document["device"]),
    )
    return Quality(
        document["_id"],
        document["session_id"],
        report,
        document["report_time"],
        is_told_poor=document["is_told_poor"],
        tell_time=document["tell_time"],
    )


def _question_document(question: Question) -> Document:
    return {
        "question": question.text,
        "options": list(question.options),
        "audience": question.audience.value,
    }


def _question_from(document: Document) -> Question:
    return Question(
        document["question"], tuple(document["options"]), Audience(document["audience"])
    )
