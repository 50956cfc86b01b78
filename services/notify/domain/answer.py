"""What a page's recipient can say to it, and how it is said on a telephone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from services.notify.domain.attempt import Channel

# So long after a page's own time its recipient may still answer it, where nobody has the case: who
# wakes up late takes it all the same. Longer than a night is no page of theirs any more.
ANSWERABLE = timedelta(hours=12)  # [D]


class Answer(StrEnum):
    """The whole vocabulary."""

    ACKNOWLEDGE = "acknowledge"  # I have it
    DECLINE = "decline"  # I cannot; somebody else must
    ESCALATE = "escalate"  # more people must hear of it now


class TextReply(StrEnum):
    """What a member of staff is told after a text that is no word of the rules of texting."""

    RECORDED = "recorded"
    # Nothing waits for an answer of theirs.
    NOTHING_OPEN = "nothing_open"
    # Which of the words was meant is not sure.
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of the recipient."""

    answer: Answer
    channel: Channel
    time: datetime


# Read out by a call, and written under a text; from then on they must not change their meaning.
KEYS: Mapping[str, Answer] = MappingProxyType(
    {"1": Answer.ACKNOWLEDGE, "2": Answer.DECLINE, "9": Answer.ESCALATE}
)
# "help", "stop" and their kin are not here: they belong to the rules of texting.
WORDS: Mapping[str, Answer] = MappingProxyType(
    {
        **KEYS,
        "yes": Answer.ACKNOWLEDGE,
        "y": Answer.ACKNOWLEDGE,
        "ack": Answer.ACKNOWLEDGE,
        "acknowledge": Answer.ACKNOWLEDGE,
        "no": Answer.DECLINE,
        "n": Answer.DECLINE,
        "decline": Answer.DECLINE,
        "escalate": Answer.ESCALATE,
    }
)
EDGES = re.compile(r"^\W+|\W+$")


def answer_of_keys(digits: str) -> Answer | None:
    """What was pressed; None where it means nothing. "1#" is "1"."""
    return KEYS.get(digits.strip().rstrip("#*"))


def answer_of_text(body: str) -> Answer | None:
    """What was written; None where it is not surely one of the words. "Yes!" is "yes"."""
    return WORDS.get(EDGES.sub("", body).lower())
