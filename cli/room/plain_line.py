"""Somebody else's text as a line that cannot play with the reader's terminal."""

from __future__ import annotations

import unicodedata

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}  # what could move a cursor or turn a line around


def shown(text: str) -> str:
    """One line, whatever the text is."""
    return "".join(
        " / " if each == "\n" else " " if each == "\t" else _plain(each) for each in text
    ).strip()


def _plain(letter: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in HIDDEN else letter
