"""The words of a text, as typed and as they were meant: a letter held, masked or wrong hides none.

Each reading is a guess beside the others, never in place of what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from clinical.plain_text import WORDS, plain

# A letter's look-alikes inside of words, and letters held down: "k1ll", "diiiie".
ALIKE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s", "!": "i"}
)
HELD = re.compile(r"(\w)\1{2,}")
SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
MASKED = re.compile(r"(?<=[a-z])[*#._-]+(?=[a-z])")
# From so many letters on, one that is missing or another one leaves a word that cannot be doubted.
LONG = 6


class Speller:
    """What a word was meant to be, for the words that matter: one slip each.

    A letter too many and two in the wrong order are found in every word, a missing or a wrong one
    in long words only. Words that the rules know are what they are.
    """

    def __init__(
        self, meant: Iterable[str], *, known: Iterable[str], short: Mapping[str, str]
    ) -> None:
        """`short` are short forms ("u" is "you"); `known` are never corrected."""
        meant = frozenset(meant)
        self._known = frozenset(known) | meant
        self._short = dict(short)
        self._swapped = {swap: word for word in meant for swap in _swapped(word)}
        self._near = {word: word for word in meant}
        for word in (each for each in meant if len(each) >= LONG):
            self._near.update(dict.fromkeys(_without_one(word), word))
        self._longest = max(map(len, meant), default=0) + 1  # with a letter too many

    def meant(self, word: str) -> str:
        """The word itself where it is no slip of one that matters."""
        if word in self._short:
            return self._short[word]
        if not 4 <= len(word) <= self._longest or word in self._known:
            return word
        if (found := self._swapped.get(word) or self._near.get(word)) is not None:
            return found
        near = (self._near.get(each) for each in _without_one(word))
        return next(filter(None, near), word)


def readings(text: str, spellers: Iterable[Speller]) -> list[list[str]]:
    """The different readings of a text as words; the first is what was typed."""
    typed = plain(text)
    meant = MASKED.sub("", typed)
    once, twice = HELD.sub(r"\1", meant), HELD.sub(r"\1\1", meant)
    spellings = dict.fromkeys((typed, meant, once, twice, once.translate(ALIKE)))
    words = {spelling: WORDS.findall(spelling) for spelling in spellings}
    spelled = SPELLED.sub(_joined, " ".join(words[meant])).split()
    corrected = ([each.meant(word) for word in words[once]] for each in spellers)
    different = dict.fromkeys(map(tuple, (*words.values(), spelled, *corrected)))
    return [list(each) for each in different]


def _joined(letters: re.Match[str]) -> str:
    return letters.group().replace(" ", "")


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _swapped(word: str) -> Iterator[str]:
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
