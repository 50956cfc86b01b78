"""What can be shown to a room without a word."""

from __future__ import annotations

from enum import StrEnum


class Reaction(StrEnum):
    """A closed set: nothing that somebody could write words with."""

    HEART = "heart"
    APPLAUSE = "applause"
    AGREE = "agree"
    ME_TOO = "me_too"
    THANKS = "thanks"
