"""What notify counts of its messages."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from chassis.errors import HavenError
from services.notify.domain.answer import Answer
from services.notify.domain.attempt import REPORTING, Channel
from services.notify.domain.message import ENDED, Message, MessageClass, State
from services.notify.ports import Receipt

ACCEPTED = "accepted"
OUTCOMES = (ACCEPTED, *sorted(ENDED))
TAKEN, MISSED = "taken", "missed"
# A message has a channel once a provider took it by one.
NO_CHANNEL = "none"
RECORDED, REPEATED, UNKNOWN, UNDERWAY = "recorded", "repeated", "unknown", "underway"
RECEIPTS = (RECORDED, REPEATED, UNKNOWN, UNDERWAY)
ANSWERS = (RECORDED, REPEATED, UNKNOWN)

messages = Counter(
    "haven_notify_messages",
    "Messages accepted, and how they ended; the channel is the last that took it.",
    ["class", "channel", "outcome"],
)
attempts = Counter(
    "haven_notify_attempts", "Attempts handed to a provider.", ["class", "channel", "outcome"]
)
receipts = Counter(
    "haven_notify_receipts", "Providers' reports of what became of what they took.", ["outcome"]
)
answers = Counter(
    "haven_notify_answers", "Answers to pages from telephones.", ["channel", "answer", "outcome"]
)
delivery_seconds = Histogram(
    "haven_notify_delivery_seconds",
    "From acceptance to the first provider that took it.",
    ["class"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
for _class in MessageClass:
    delivery_seconds.labels(_class)
    for _channel in (NO_CHANNEL, *Channel):
        for _outcome in OUTCOMES:
            messages.labels(_class, _channel, _outcome)
    for _channel in Channel:
        for _outcome in (TAKEN, MISSED):
            attempts.labels(_class, _channel, _outcome)
for _outcome in RECEIPTS:
    receipts.labels(_outcome)
for _channel in (Channel.EMAIL, *sorted(REPORTING)):
    for _outcome in ANSWERS:
        for _answer in (*Answer, "none"):
            answers.labels(_channel, _answer, _outcome)


def count_accepted(*accepted: Message | None) -> None:
    """Count messages that begin their way, for the first time or again, after their commit."""
    for message in accepted:
        if message is not None:
            messages.labels(message.message_class, NO_CHANNEL, ACCEPTED).inc()


def count_end(message: Message) -> None:
    """Count a message that has just reached a last state; others are not counted."""
    if message.has_ended:
        messages.labels(message.message_class, _channel_of(message), message.state).inc()


def count_first_taken(message: Message) -> None:
    """Observe how long a message waited for its first provider, once it has one."""
    ends = [each.end for each in message.series if each.is_taken and each.end is not None]
    if len(ends) == 1:
        waited = (ends[0] - message.accept_time).total_seconds()
        delivery_seconds.labels(message.message_class).observe(max(0.0, waited))


def _channel_of(message: Message) -> str:
    taken = [each.channel for each in message.series if each.is_taken]
    return taken[-1] if taken and message.state is State.DELIVERED else NO_CHANNEL


def count_answered(result: Receipt | HavenError, message: Message, has_ended_now: bool) -> None:
    """Count what came of an attempt, after its commit."""
    if isinstance(result, Receipt):
        count_first_taken(message)
    if has_ended_now:
        count_end(message)
