"""Stretches of time as documents and back."""

from __future__ import annotations

from datetime import datetime

from services.sessions.domain.ledger import Interval


def interval_document(interval: Interval) -> dict[str, datetime]:
    """From when until when."""
    return {"start": interval.start, "end": interval.end}


def interval_from(document: dict[str, datetime]) -> Interval:
    """The same again."""
    return Interval(document["start"], document["end"])
