"""Phrases as people write them into a data file, and how they are found in a text's words.

    kill myself        these words, one after the other
    kill|end           one word or the other
    suicid*            any ending
    ...                up to four words in between
    {not} ... {live}   a slot: any of the phrases that the file lists under that name

Each word of a text asks only the phrases that can begin with it, so that a text costs by its words
and not by the number of phrases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_BETWEEN = 4


@dataclass(frozen=True)
class Word:
    """One word of a phrase."""

    exact: frozenset[str]
    beginnings: tuple[str, ...] = ()

    def takes(self, word: str) -> bool:
        """True for one of the words, or one with one of the beginnings."""
        return word in self.exact or (bool(self.beginnings) and word.startswith(self.beginnings))

    def ends(self, words: Sequence[str], at: int) -> Iterable[int]:
        """After this word, where it is one of them."""
        return (at + 1,) if at < len(words) and self.takes(words[at]) else ()


@dataclass(frozen=True)
class Gap:
    """A few words, whichever."""

    def ends(self, words: Sequence[str], at: int) -> Iterable[int]:
        """Here, or some words further on."""
        return range(at, min(at + MOST_BETWEEN, len(words)) + 1)


@dataclass(frozen=True)
class Choice:
    """One of several phrases."""

    phrases: tuple[Phrase, ...]

    def ends(self, words: Sequence[str], at: int) -> Iterable[int]:
        """Where any of them ends."""
        if at >= len(words):
            return ()
        return {end for each in self._beginning_with(words[at]) for end in each.ends(words, at)}

    def _beginning_with(self, word: str) -> Iterator[Phrase]:
        yield from self._by_word.get(word, ())
        for beginnings, phrase in self._by_beginnings:
            if word.startswith(beginnings):
                yield phrase

    @cached_property
    def _by_word(self) -> Mapping[str, list[Phrase]]:
        found: defaultdict[str, list[Phrase]] = defaultdict(list)
        for phrase in self.phrases:
            for exact in {exact for word in phrase.first for exact in word.exact}:
                found[exact].append(phrase)
        return found

    @cached_property
    def _by_beginnings(self) -> Sequence[tuple[tuple[str, ...], Phrase]]:
        each = ((sum((word.beginnings for word in of.first), ()), of) for of in self.phrases)
        return [(beginnings, phrase) for beginnings, phrase in each if beginnings]


@dataclass(frozen=True)
class Phrase:
    """Steps, one after the other."""

    steps: tuple[Word | Gap | Choice, ...]

    def is_at(self, words: Sequence[str], at: int) -> bool:
        """True where the phrase begins at this word."""
        return bool(self.ends(words, at))

    def ends(self, words: Sequence[str], at: int) -> set[int]:
        """Where the phrase can end that begins at this word; all ways at once, so that no text is
        slow to read."""
        after = at + 1
        # Most phrases are none already by their second word.
        if self._second and (after >= len(words) or not self._second.takes(words[after])):
            return set()
        here = {at}
        for step in self.steps:
            here = {end for start in here for end in step.ends(words, start)}
            if not here:
                break
        return here

    @cached_property
    def _second(self) -> Word | None:
        """What follows the first word, where that is a word, too."""
        first, second = (*self.steps, None)[:2]
        return second if isinstance(first, Word) and isinstance(second, Word) else None

    @cached_property
    def first(self) -> tuple[Word, ...]:
        """What it can begin with."""
        step = self.steps[0]
        if isinstance(step, Word):
            return (step,)
        assert isinstance(step, Choice), "a phrase begins with a word"
        return tuple(word for each in step.phrases for word in each.first)


class PhraseBook(Generic[T]):
    """Which of many phrases a text holds."""

    def __init__(self, phrases: Iterable[tuple[T, Phrase]]) -> None:
        """Each phrase with what it stands for."""
        self._by_word: dict[str, list[tuple[T, Phrase]]] = defaultdict(list)
        self._by_beginning: dict[str, list[tuple[T, Phrase]]] = defaultdict(list)
        for entry in phrases:
            for word in entry[1].first:
                for exact in word.exact:
                    self._by_word[exact].append(entry)
                for beginning in word.beginnings:
                    self._by_beginning[beginning].append(entry)
        self._lengths = sorted({len(each) for each in self._by_beginning})

    def find(self, words: Sequence[str], met: set[T]) -> None:
        """Add what the phrases in these words stand for; what is met already is not looked for."""
        for at, word in enumerate(words):
            for meaning, phrase in self._beginning_with(word):
                if meaning not in met and phrase.is_at(words, at):
                    met.add(meaning)

    def _beginning_with(self, word: str) -> Iterator[tuple[T, Phrase]]:
        yield from self._by_word.get(word, ())
        for length in self._lengths:
            if length > len(word):
                return
            yield from self._by_beginning.get(word[:length], ())


def phrase_of(text: str, slots: Mapping[str, Sequence[str]]) -> Phrase:
    """The phrase that a line of a data file means; KeyError for a slot that the file lacks."""
    return Phrase(tuple(_step(part, slots) for part in text.split()))


def _step(part: str, slots: Mapping[str, Sequence[str]]) -> Word | Gap | Choice:
    if part == "...":
        return Gap()
    words = part.split("|")
    if "{" in part:
        texts = (slots[each.strip("{}")] if "{" in each else [each] for each in words)
        return _choice([text for several in texts for text in several], slots)
    return _word(words)


def _choice(texts: Sequence[str], slots: Mapping[str, Sequence[str]]) -> Word | Choice:
    """Single words together, because most are: one look finds them all."""
    single = [text for text in texts if " " not in text and "{" not in text]
    phrases = [phrase_of(text, slots) for text in texts if text not in single]
    if single:
        word = _word(single)
        if not phrases:
            return word
        phrases.insert(0, Phrase((word,)))
    return Choice(tuple(phrases))


def _word(words: Sequence[str]) -> Word:
    return Word(
        frozenset(each for each in words if not each.endswith("*")),
        tuple(each.rstrip("*") for each in words if each.endswith("*")),
    )
