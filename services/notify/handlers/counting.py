"""What notify counts of its messages."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from services.notify.domain.message import ENDED, Channel, Message, MessageClass, State

ACCEPTED = "accepted"
OUTCOMES = (ACCEPTED, *sorted(ENDED))
TAKEN, MISSED = "taken", "missed"

messages = Counter(
    "haven_notify_messages",
    "Messages accepted, and how they ended.",
    ["class", "channel", "outcome"],
)
attempts = Counter(
    "haven_notify_attempts", "Attempts handed to a provider.", ["class", "channel", "outcome"]
)
delivery_seconds = Histogram(
    "haven_notify_delivery_seconds",
    "From acceptance to a provider's receipt.",
    ["class"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
for _class in MessageClass:
    delivery_seconds.labels(_class)
    for _channel in Channel:
        for _outcome in OUTCOMES:
            messages.labels(_class, _channel, _outcome)
        for _outcome in (TAKEN, MISSED):
            attempts.labels(_class, _channel, _outcome)


def count_end(message: Message) -> None:
    """Count a message that has just reached a last state; others are not counted."""
    if not message.has_ended or message.end_time is None:
        return
    messages.labels(message.message_class, Channel.EMAIL, message.state).inc()
    if message.state is State.DELIVERED:
        waited = (message.end_time - message.accept_time).total_seconds()
        delivery_seconds.labels(message.message_class).observe(waited)
