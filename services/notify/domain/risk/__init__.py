"""Does a text need a human now? Phrases people read, matched so that little slips by.

High recall before precision (F13): a false alarm costs a look, a miss may cost a life. No phrase is
a diagnosis and no negation takes one back. What cannot be read in these languages is not called
harmless: it is "unread", and somebody looks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files

from services.notify.domain.plain_text import plain, whole
from services.notify.domain.wording import Language

DATA = ("english.toml", "spanish.toml")
GAP = r"(?:\w+ ){0,4}"
# A letter's look-alikes inside of words, and letters held down: "k1ll", "diiiie".
ALIKE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s", "!": "i"}
)
HELD = re.compile(r"(\w)\1{2,}")
SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
MASKED = re.compile(r"(?<=[a-z])[*#._-]+(?=[a-z])")
UNREAD = "unread"
# Several times what a telephone sends; of more the two ends are read, and somebody looks.
LONGEST = 4_000


class Severity(IntEnum):
    """How bad it may be; ordered, so that the worse of two is `max`."""

    LOW = 1
    MODERATE = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to look, with its phrases as one expression."""

    code: str
    severity: Severity
    language: Language
    expression: re.Pattern[str]
    signs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a text gives reason for; no severity = no reason was found."""

    severity: Severity | None = None
    # Codes of the rules, sorted.
    findings: tuple[str, ...] = ()
    language: Language | None = None

    @property
    def is_unread(self) -> bool:
        """Letters there are, but of no language that the rules know."""
        return self.findings == (UNREAD,)


def assess(text: str) -> Assessment:
    """What the text gives reason for, in any of the languages; at once, however long it is."""
    if len(text) > 2 * LONGEST:
        found = assess(f"{text[: LONGEST - 1]}\n{text[-LONGEST:]}")
        codes = tuple(sorted({*found.findings, UNREAD}))
        return Assessment(found.severity or Severity.LOW, codes, found.language)
    spoken = list(_variants(text))
    met = [rule for rule in rules() if _matches(rule, spoken, text)]
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
    return tuple(rule for name in DATA for rule in _rules_of(name))


def expression_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """One expression that finds any of the phrases; their form is told in english.toml."""
    alternatives = "|".join(_phrase(phrase) for phrase in phrases)
    return re.compile(rf"\b(?:{alternatives})\b")


def _rules_of(name: str) -> Iterator[Rule]:
    content = tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
    for rule in content["rules"]:
        yield Rule(
            code=rule["code"],
            severity=Severity[rule["severity"].upper()],
            language=Language(content["language"]),
            expression=expression_of(rule["phrases"]),
            signs=frozenset(rule.get("signs", ())),
        )


def _phrase(phrase: str) -> str:
    parts = [GAP if part == "..." else _word(part) for part in phrase.split()]
    spaced = (
        part if part == GAP or i == len(parts) - 1 else f"{part} " for i, part in enumerate(parts)
    )
    return "".join(spaced)


def _word(part: str) -> str:
    choices = "|".join(re.escape(each).replace(r"\*", r"\w*") for each in part.split("|"))
    return f"(?:{choices})"


def _variants(text: str) -> Iterator[str]:
    """The text as typed, and as it was meant where letters are held, masked, alike or spaced."""
    yield whole(text)
    meant = MASKED.sub("", plain(text))
    yield whole(meant)
    held = HELD.sub(r"\1", meant)
    yield whole(held)
    yield whole(HELD.sub(r"\1\1", meant))
    yield whole(held.translate(ALIKE))
    yield SPELLED.sub(lambda found: found.group().replace(" ", ""), whole(meant))


def _matches(rule: Rule, spoken: Iterable[str], text: str) -> bool:
    if any(sign in text for sign in rule.signs):
        return True
    return any(rule.expression.search(variant) for variant in spoken)


def _is_unreadable(text: str) -> bool:
    letters = [letter for letter in plain(text) if letter.isalpha()]
    latin = sum(letter.isascii() for letter in letters)
    return len(letters) > 2 * latin
