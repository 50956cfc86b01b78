"""Does a text need a human now? Phrases people read, matched so that little slips by.

High recall before precision (F13): a false alarm costs a look, a miss may cost a life. No phrase is
a diagnosis and no negation takes one back. What cannot be read in these languages is not called
harmless: it is "unread", and somebody looks. Nor is a text at which the rules themselves fail.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any

from clinical.plain_text import plain
from clinical.risk.phrases import PhraseBook, Word, phrase_of
from clinical.risk.reading import Speller, readings

DATA = ("english.toml", "spanish.toml")
UNREAD = "unread"
# The rules failed at the text; like whatever is not known, it counts as the worst.
UNASSESSED = "unassessed"
# Several times what a telephone sends; of more the two ends are read, and somebody looks.
LONGEST = 4_000


class Severity(IntEnum):
    """How bad it may be; ordered, so that the worse of two is `max`."""

    LOW = 1
    MODERATE = 2
    HIGH = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One reason to look; there is one object for each."""

    code: str
    severity: Severity
    # ISO 639: "en".
    language: str
    phrases: tuple[str, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a text gives reason for; no severity = no reason was found."""

    severity: Severity | None = None
    # Codes of the rules, sorted.
    findings: tuple[str, ...] = ()
    # Of the rule that says how bad it is.
    language: str = ""

    @property
    def is_unread(self) -> bool:
        """Letters there are, but of no language that the rules know."""
        return self.findings == (UNREAD,)

    @property
    def is_unassessed(self) -> bool:
        """The rules failed at the text; that is a fault of theirs, and counts as the worst."""
        return self.findings == (UNASSESSED,)


def assess(text: str) -> Assessment:
    """What the text gives reason for, in any of the languages; at once, however long it is.

    Never raises: no fault of a rule may cost a person their message, or others the worry about it.
    """
    try:
        return _assessed(text)
    except Exception:  # of whatever kind: the text is settled here, as one to worry about
        return Assessment(Severity.HIGH, (UNASSESSED,))


def prepare() -> None:
    """Make ready what the first text would otherwise wait for; raises what is wrong in the data."""
    _book()


def _assessed(text: str) -> Assessment:
    if len(text) > 2 * LONGEST:
        found = _assessed(f"{text[: LONGEST - 1]}\n{text[-LONGEST:]}")
        codes = tuple(sorted({*found.findings, UNREAD}))
        return Assessment(found.severity or Severity.LOW, codes, found.language)
    met = _met(text)
    if met:
        worst = max(met, key=lambda rule: rule.severity)
        codes = tuple(sorted({rule.code for rule in met}))
        return Assessment(worst.severity, codes, worst.language)
    if _is_unreadable(text):
        return Assessment(Severity.LOW, (UNREAD,))
    return Assessment()


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of every language, as the data files say."""
    return tuple(rule for content in _contents() for rule in _rules_of(content))


def _met(text: str) -> list[Rule]:
    """In the order of the files, so that of two rules as severe as each other the first one tells
    the language."""
    book, spellers = _book()
    met = {rule for sign, rule in _signs() if sign in text}
    for spoken in readings(text, spellers):
        book.find(spoken, met)
    return [rule for rule in rules() if rule in met]


@cache
def _signs() -> tuple[tuple[str, Rule], ...]:
    """What is looked for as it stands, and what it stands for."""
    return tuple((sign, rule) for rule in rules() for sign in rule.signs)


@cache
def _book() -> tuple[PhraseBook[Rule], tuple[Speller, ...]]:
    """All phrases of all rules, and who corrects the words that matter in each language."""
    slots = {content["language"]: content["slots"] for content in _contents()}
    entries = [
        (rule, phrase_of(phrase, slots[rule.language]))
        for rule in rules()
        for phrase in rule.phrases
    ]
    known = {
        word
        for _, phrase in entries
        for step in phrase.steps
        if isinstance(step, Word)
        for word in step.exact
    }
    spellers = tuple(
        Speller(content["corrected"], known={*known, *content["common"]}, short=content["short"])
        for content in _contents()
    )
    return PhraseBook(entries), spellers


@cache
def _contents() -> tuple[Mapping[str, Any], ...]:
    return tuple(
        tomllib.loads((files(__package__) / name).read_text(encoding="utf-8")) for name in DATA
    )


def _rules_of(content: Mapping[str, Any]) -> Iterator[Rule]:
    for rule in content["rules"]:
        yield Rule(
            code=rule["code"],
            severity=Severity[rule["severity"].upper()],
            language=content["language"],
            phrases=tuple(rule["phrases"]),
            signs=tuple(rule.get("signs", ())),
        )


def _is_unreadable(text: str) -> bool:
    if text.isascii():
        return False
    letters = [letter for letter in plain(text) if letter.isalpha()]
    latin = sum(letter.isascii() for letter in letters)
    return len(letters) > 2 * latin
