"""Answers as they arrive: checked against the instrument, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.errors import InvalidArgument, Violation
from services.intake.domain.instruments.model import Instrument, Item

# By item code; None where the person saw the question and gave no answer.
Answers = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer in one of its three forms; none of them set is a fault, never a zero."""

    item_code: str
    value: int | None = None
    answer_code: str = ""
    is_skipped: bool = False


def read_answers(instrument: Instrument, given: Sequence[GivenAnswer]) -> dict[str, int | None]:
    """The answers by item code; InvalidArgument naming every answer at fault."""
    faults: list[Violation] = []
    answers: dict[str, int | None] = {}
    for place, answer in enumerate(given):
        fault = _fault(instrument, answer, answers)
        if fault is None:
            answers[answer.item_code] = _value(instrument.item(answer.item_code), answer)
        else:
            reason, description = fault
            faults.append(Violation(f"answers[{place}]", reason, description))
    if faults:
        raise InvalidArgument(faults[0].reason, "answers at fault", violations=faults)
    return answers


def _fault(instrument: Instrument, answer: GivenAnswer, earlier: Answers) -> tuple[str, str] | None:
    if not instrument.has_item(answer.item_code):
        return "ITEM_CODE_UNKNOWN", "the instrument has no item of this code"
    if answer.item_code in earlier:
        return "ITEM_REPEATED", "the item is answered twice in one request"
    if answer.is_skipped:
        return None
    return _value_fault(instrument.item(answer.item_code), answer)


def _value_fault(item: Item, answer: GivenAnswer) -> tuple[str, str] | None:
    if answer.answer_code:
        known = answer.answer_code in item.answer_codes
        return None if known else ("ANSWER_CODE_UNKNOWN", "not an answer code of this item")
    if answer.value is None:
        return "ANSWER_MISSING", "give a value, an answer code, or say that it was skipped"
    if not item.low <= answer.value <= item.high:
        return "ANSWER_OUT_OF_RANGE", f"the value must be from {item.low} to {item.high}"
    return None


def _value(item: Item, answer: GivenAnswer) -> int | None:
    if answer.is_skipped:
        return None
    if answer.answer_code:
        return item.low + item.answer_codes.index(answer.answer_code)
    return answer.value
