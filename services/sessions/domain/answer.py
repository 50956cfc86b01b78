"""What a patient hands in: a text, a few numbers, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from chassis.errors import InvalidArgument
from services.sessions.domain.log import spoken

MOST_NUMBERS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """As the patient gave it; for the cipher and the risk rules only."""

    text: str = field(repr=False)
    numbers: tuple[float, ...] = field(default=(), repr=False)


def accepted(answer: Answer, text_length: int) -> Answer:
    """The answer, if it may be handed in."""
    if len(answer.numbers) > MOST_NUMBERS:
        raise InvalidArgument("NUMBERS_TOO_MANY", f"at most {MOST_NUMBERS} numbers")
    if not all(math.isfinite(each) for each in answer.numbers):
        raise InvalidArgument("NUMBER_INVALID", "a number must be one")
    if answer.text.strip():
        spoken(answer.text, text_length)
    elif not answer.numbers:
        raise InvalidArgument("ANSWER_REQUIRED", "there is nothing to hand in")
    return answer
