"""What makes a message a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """What a crisis page belongs to; `case_version` is the case's when it asked for the page."""

    page_id: str
    case_id: str
    case_version: int
