"""What makes a message a page."""

from __future__ import annotations

from dataclasses import dataclass

from clinical.risk import Severity


@dataclass(frozen=True, slots=True)
class Page:
    """What a crisis page belongs to; `case_version` is the case's when it asked for the page.

    In a storm the highest severity goes first, and before all one that is not known.
    """

    page_id: str
    case_id: str
    case_version: int
    severity: Severity | None = None
