"""Telephone numbers as they go over the wire."""

from __future__ import annotations

import re

from chassis.errors import FailedPrecondition

E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most fifteen digits


def is_number(text: str) -> bool:
    """True for a number in E.164 form."""
    return E164.fullmatch(text) is not None


def checked_number(address: str) -> str:
    """The number; FailedPrecondition where it is none: no provider is asked to guess."""
    if not is_number(address):
        raise FailedPrecondition("CONTACT_POINT_INVALID", "not one telephone number")
    return address
