"""A case's memory: every act, numbered, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ActKind(StrEnum):
    """What a line of the timeline is about."""

    OPENED = "opened"
    SIGNAL_JOINED = "signal_joined"
    SEVERITY_RAISED = "severity_raised"
    REOPENED = "reopened"
    PAGED = "paged"
    PAGE_DELIVERED = "page_delivered"
    PAGE_FAILED = "page_failed"
    ESCALATED = "escalated"
    COVER_MISSED = "cover_missed"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGEMENT_LAPSED = "acknowledgement_lapsed"
    CONTACTED = "contacted"
    REVIEW_OVERDUE = "review_overdue"
    RESOLVED = "resolved"
    PLEDGED = "pledged"
    DECLINED = "declined"
    ESCALATION_ASKED = "escalation_asked"
    RESPONDER_ADDED = "responder_added"
    HELP_JOINED = "help_joined"
    HAND_OVER_ASKED = "hand_over_asked"
    HANDED_OVER = "handed_over"
    SNOOZED = "snoozed"
    PATIENT_IDENTIFIED = "patient_identified"
    # Of a shift that is over: the new one was paged in its place.
    PAGE_WITHDRAWN = "page_withdrawn"
    # A patient in danger went from a live room; the detail says how.
    PATIENT_LEFT = "patient_left"
    # The auditor put right what nothing else would have.
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Act:
    """One line: who did what, when. Codes and ids only."""

    kind: ActKind
    time: datetime
    actor_id: str
    rung: int = 0
    cycle: int = 0
    recipient_id: str = ""
    page_id: str = ""
    # The fact behind OPENED and SIGNAL_JOINED: one effect for each.
    fact_id: str = ""
    detail: str = ""
    # The text behind it, for whoever must read its words in notify.
    inbound_id: str = ""


@dataclass(slots=True)
class Timeline:
    """Counts all lines; holds those that are not stored yet and those that were stored last."""

    count: int = 0
    fresh: list[tuple[int, Act]] = field(default_factory=list)
    latest: list[Act] = field(default_factory=list)

    def add(self, act: Act) -> None:
        """The next line."""
        self.count += 1
        self.fresh.append((self.count, act))

    def drain(self) -> list[tuple[int, Act]]:
        """The numbered lines that are not stored yet; the caller stores them."""
        fresh, self.fresh = self.fresh, []
        self.latest = [act for _, act in fresh]
        return fresh
