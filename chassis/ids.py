"""Ids: opaque strings.

Random for new things, derived for facts that must have one key on every path.
"""

from __future__ import annotations

import re
import uuid

# Drawn once. It must never change, or the keys of old facts would move.
NAMESPACE = uuid.UUID("6f1d3f5e-6a0b-5e0e-9b39-0b8f6f6c1c52")
CANONICAL = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def new_id() -> str:
    """A new random id."""
    return str(uuid.uuid4())


def derived_id(*parts: str) -> str:
    """The same parts give the same id, everywhere and for ever."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))


def is_uuid(text: str) -> bool:
    """True for a UUID in its canonical form, upper or lower case."""
    return CANONICAL.fullmatch(text) is not None
