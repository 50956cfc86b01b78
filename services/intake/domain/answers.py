"""Answers as they arrive: checked against the instrument.

A request that names no item of the instrument, or one twice, is refused as a whole. What an item
of a form with safety items cannot mean is kept as unknown: an odd answer must not cost the danger
that is said beside it, nor be less than the worst it could have meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from chassis.errors import InvalidArgument, Violation
from services.intake.domain.instruments.model import Instrument, Item


class Unread(Enum):
    """Why something that arrived says nothing; the value is the reason on the wire."""

    CODE_UNKNOWN = "ANSWER_CODE_UNKNOWN"
    OUT_OF_RANGE = "ANSWER_OUT_OF_RANGE"
    MISSING = "ANSWER_MISSING"


# What stands for one item; None where the person saw the question and gave no answer.
Answer = int | Unread | None
# By item code.
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer in one of its three forms; none of them set is a fault, never a zero."""

    item_code: str
    value: int | None = None
    answer_code: str = ""
    is_skipped: bool = False


def read_answers(instrument: Instrument, given: Sequence[GivenAnswer]) -> dict[str, Answer]:
    """The answers by item code, unread ones among them where the instrument has a safety item.

    InvalidArgument names every answer at fault.
    """
    faults: list[Violation] = []
    answers: dict[str, Answer] = {}
    for place, answer in enumerate(given):
        fault = _misplaced(instrument, answer, answers)
        if fault is None:
            item = instrument.item(answer.item_code)
            answers[item.code] = read = _read(item, answer)
            if isinstance(read, Unread) and not instrument.safety_items:
                fault = read.value, _description(item, read)
        if fault is not None:
            reason, description = fault
            faults.append(Violation(f"answers[{place}]", reason, description))
    if faults:
        raise InvalidArgument(faults[0].reason, "answers at fault", violations=faults)
    return answers


def _misplaced(
    instrument: Instrument, answer: GivenAnswer, earlier: Answers
) -> tuple[str, str] | None:
    if not instrument.has_item(answer.item_code):
        return "ITEM_CODE_UNKNOWN", "the instrument has no item of this code"
    if answer.item_code in earlier:
        return "ITEM_REPEATED", "the item is answered twice in one request"
    return None


def _read(item: Item, answer: GivenAnswer) -> Answer:
    if answer.is_skipped:
        return None
    if answer.answer_code:
        if answer.answer_code not in item.answer_codes:
            return Unread.CODE_UNKNOWN
        return item.low + item.answer_codes.index(answer.answer_code)
    if answer.value is None:
        return Unread.MISSING
    return answer.value if item.low <= answer.value <= item.high else Unread.OUT_OF_RANGE


def _description(item: Item, unread: Unread) -> str:
    match unread:
        case Unread.CODE_UNKNOWN:
            return "not an answer code of this item"
        case Unread.OUT_OF_RANGE:
            return f"the value must be from {item.low} to {item.high}"
        case Unread.MISSING:
            return "give a value, an answer code, or say that it was skipped"
