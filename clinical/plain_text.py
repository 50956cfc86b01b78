"""What people type, without what they type differently: case, accents, signs and spaces."""

from __future__ import annotations

import re
import unicodedata

SENTENCE_ENDS = re.compile(r"[.!?;,\n\u2026]+")
WORDS = re.compile(r"[a-z0-9]+")
# What phones put in place of an apostrophe; "don't" must stay one word.
APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc\u00b4`]")
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


def plain(text: str) -> str:
    """Lower case, without accents, apostrophes, invisible signs and styled letters."""
    if text.isascii():  # most texts are, and have nothing else to take away
        return APOSTROPHES.sub("", text.lower())
    apart = unicodedata.normalize("NFKD", INVISIBLE.sub("", text)).casefold()
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return APOSTROPHES.sub("", letters)


def words(text: str) -> list[str]:
    """The words of a text in plain letters."""
    return WORDS.findall(plain(text))


def sentences(text: str) -> list[str]:
    """Each sentence, or part of one, as words with one space between."""
    parts = (words(part) for part in SENTENCE_ENDS.split(text))
    return [" ".join(part) for part in parts if part]


def whole(text: str) -> str:
    """Everything as words with one space between."""
    return " ".join(words(text))


# Everyday words of Spanish that are none of English.
SPANISH = frozenset(
    {
        *("hola", "gracias", "buenos", "buenas", "dias", "tardes", "noches", "por", "favor", "que"),
        *("estoy", "esta", "cita", "manana", "hoy", "puedo", "quiero", "tengo", "necesito", "soy"),
        *("cuando", "donde", "como", "quien", "numero", "telefono", "mensaje", "mi", "mis", "para"),
        *("pero", "con", "una", "los", "las", "del", "el", "la", "es", "si", "muy", "mas", "ya"),
    }
)


def is_spanish(text: str) -> bool:
    """True where more than a third of the words are everyday Spanish."""
    spoken = words(text)
    return bool(spoken) and 3 * sum(each in SPANISH for each in spoken) > len(spoken)
