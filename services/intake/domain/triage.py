"""From answers to a tier.

Two readings of the same answers: what they already say, and the highest that any completion of
them could reach. A screen that ends is read the second way, so that an absent, skipped, unread
or contradictory answer can raise the tier and never lower it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.intake.domain.answers import Answer, Answers, Unread
from services.intake.domain.instruments.cssrs import NO, Q1, Q2, Q3, Q4, Q5, Q6, Q6B, YES
from services.intake.domain.instruments.model import Instrument, Item, Triage
from services.intake.domain.tier import Tier


@dataclass(frozen=True, slots=True)
class TriageRules:
    """The tenant's part of triage: how endorsed safety items count beside the Columbia screener."""

    safety_item_tier: Tier


def certain_tier(instrument: Instrument, answers: Answers, rules: TriageRules) -> Tier:
    """What the answers say already, whatever is still to come."""
    if instrument.triage is Triage.COLUMBIA:
        return _columbia(lambda code: answers.get(code) == YES)
    return _tier(instrument, rules, lambda item: _is_endorsed(item, answers))


def reachable_tier(instrument: Instrument, answers: Answers, rules: TriageRules) -> Tier:
    """The highest tier that any completion of the answers could reach."""
    if instrument.triage is Triage.COLUMBIA:
        open_items = unanswered_safety_items(instrument, answers)
        return _columbia(lambda code: answers.get(code) == YES or code in open_items)
    return _tier(instrument, rules, lambda item: _may_be_endorsed(item, answers))


def unanswered_safety_items(instrument: Instrument, answers: Answers) -> frozenset[str]:
    """Safety items without an answer that the form's own flow still asks for, and unread ones."""
    return frozenset(
        item.code
        for item in instrument.safety_items
        if not isinstance(answers.get(item.code), int) and _matters(instrument, item, answers)
    )


def _tier(instrument: Instrument, rules: TriageRules, is_endorsed: Callable[[Item], bool]) -> Tier:
    endorsed = [is_endorsed(item) for item in instrument.safety_items]
    together = instrument.triage is Triage.SAFETY_ITEMS_TOGETHER
    worries = bool(endorsed) and (all(endorsed) if together else any(endorsed))
    return rules.safety_item_tier if worries else Tier.NONE


def _is_endorsed(item: Item, answers: Answers) -> bool:
    value = answers.get(item.code)
    return isinstance(value, int) and value >= item.endorsed_from


def _may_be_endorsed(item: Item, answers: Answers) -> bool:
    return not isinstance(answers.get(item.code), int) or _is_endorsed(item, answers)


def _matters(instrument: Instrument, item: Item, answers: Answers) -> bool:
    """False where no answer of the item could change anything."""
    if instrument.triage is Triage.SAFETY_ITEMS_TOGETHER:
        return all(_may_be_endorsed(each, answers) for each in instrument.safety_items)
    return _is_asked(item.code, answers)


def _columbia(is_yes: Callable[[str], bool]) -> Tier:
    """The Columbia screener's triage; the first match wins."""
    if is_yes(Q4) or is_yes(Q5) or is_yes(Q6B):
        return Tier.HIGH
    if is_yes(Q3) or is_yes(Q6):
        return Tier.MODERATE
    if is_yes(Q1) or is_yes(Q2):
        return Tier.LOW
    return Tier.NONE


def _is_asked(code: str, answers: Answers) -> bool:
    if code in (Q3, Q4, Q5):
        # "No" to the second question ends the branch, unless the branch itself says otherwise.
        branch = any(_may_be_yes(answers.get(each)) for each in (Q3, Q4, Q5))
        return answers.get(Q2) != NO or branch
    if code == Q6B:
        return answers.get(Q6) != NO or _may_be_yes(answers.get(Q6B))
    return True


def _may_be_yes(answer: Answer) -> bool:
    """True for a yes, and for what somebody said and nobody can read."""
    return answer == YES or isinstance(answer, Unread)
