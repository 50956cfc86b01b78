"""Telephone numbers as they go over the wire."""

from __future__ import annotations

from chassis.errors import FailedPrecondition
from services.notify.domain.address import is_number


def checked_number(address: str) -> str:
    """The number; FailedPrecondition where it is none: no provider is asked to guess."""
    if not is_number(address):
        raise FailedPrecondition("CONTACT_POINT_INVALID", "not one telephone number")
    return address
