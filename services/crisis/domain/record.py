"""What a case is, remembers and tells; its verbs are in case.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.crisis.domain.events import (
    CaseAcknowledged,
    CaseContacted,
    CaseEscalated,
    CaseOpened,
    CaseResolved,
    PageRequested,
)
from services.crisis.domain.ladder import Ladder
from services.crisis.domain.responders import Responders
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.timeline import Act, ActKind, Timeline

SYSTEM = "service:crisis"


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"


@dataclass(slots=True, kw_only=True)
class CaseRecord:
    """Fields are read from outside and changed by a case's verbs only."""

    id: str
    # Empty while nobody knows whose emergency it is.
    patient_id: str
    source: Source
    severity: Severity
    ladder: Ladder
    open_time: datetime
    # None only once resolved.
    next_deadline: datetime | None
    # When the signal was raised of which the place is asked, and the place where it named one.
    signal_time: datetime | None = None
    location_id: str = ""
    # Whose texts join it while its patient is unknown.
    sender_key: str = ""
    # The address from which the newest text about it came, for whoever calls back.
    sender_ciphertext: bytes = field(default=b"", repr=False)
    state: State = State.OPEN
    # Since when the patient waits for contact: it opened, or a signal came after the last contact.
    alarm_time: datetime | None = None
    # How long that was; of the act that has just reached the patient first, and of no other.
    waited: timedelta | None = None
    # Since when nobody has had it, and how many calls have gone unanswered since.
    wait_start: datetime | None = None
    unanswered: int = 0
    responders: Responders = field(default_factory=Responders)
    # Postponed by a human until then, and how often in all.
    snooze_end: datetime | None = None
    snoozes: int = 0
    contacted_by: str = ""
    contact_time: datetime | None = None
    resolve_time: datetime | None = None
    resolver_id: str = ""
    disposition: str = ""
    version: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    events: list[object] = field(default_factory=list)

    @property
    def owner_id(self) -> str:
        """Who has it now; empty where nobody has."""
        return self.responders.owner_id

    @property
    def contact_deadline(self) -> datetime | None:
        """Until when the acknowledgement holds without contact."""
        return self.next_deadline if self.state is State.ACKNOWLEDGED else None

    @property
    def is_open(self) -> bool:
        """True until it is resolved."""
        return self.state is not State.RESOLVED

    @property
    def is_patient_known(self) -> bool:
        """False while the case is about a number or a message, not yet about a person."""
        return bool(self.patient_id)

    @property
    def place_time(self) -> datetime:
        """The instant of the place of the signal: the newest that was attested by then."""
        return self.signal_time or self.open_time

    def is_due(self, now: datetime) -> bool:
        """True once the case must act by itself."""
        return self.next_deadline is not None and self.next_deadline <= now

    def _page(self, recipient_ids: Iterable[str], now: datetime) -> None:
        """These people, and they alone, count as those who were asked last."""
        for recipient_id, page_id in self.ladder.page(self.id, recipient_ids, now).items():
            self._request_page(recipient_id, page_id, now)

    def _page_too(self, recipient_ids: Iterable[str], now: datetime) -> None:
        """These people in addition; whom a page at this place is still calling is not asked again.

        None does that went out before somebody took the case, or longer ago than it lives.
        """
        since = self.responders.acknowledge_time
        if since is not None:
            since = max(since, now - self.ladder.policy.page_lifetime)
        fresh = self.ladder.page_too(self.id, recipient_ids, now, since=since)
        for recipient_id, page_id in fresh.items():
            self._request_page(recipient_id, page_id, now)

    def _page_instead(
        self, fresh: Mapping[str, str], gone: Mapping[str, str], now: datetime
    ) -> None:
        """Page those who are new; the pages of those who are gone give way to theirs."""
        replaced = [(page_id, recipient_id) for recipient_id, page_id in gone.items()]
        for page_id, recipient_id in replaced if fresh else ():
            self._note(ActKind.PAGE_WITHDRAWN, now, recipient_id=recipient_id, page_id=page_id)
        for recipient_id, page_id in fresh.items():
            self._request_page(recipient_id, page_id, now, replaced=tuple(replaced))

    def _request_page(
        self,
        recipient_id: str,
        page_id: str,
        now: datetime,
        *,
        replaced: tuple[tuple[str, str], ...] | None = None,
    ) -> None:
        """`replaced` where it is of a hand-off, with the pages that it takes the place of."""
        detail = "" if replaced is None else "hand_off"
        columns = {"recipient_id": recipient_id, "page_id": page_id, "detail": detail}
        self._note(ActKind.PAGED, now, **columns)
        self.events.append(
            PageRequested(
                page_id=page_id,
                case_id=self.id,
                recipient_id=recipient_id,
                rung=self.ladder.rung,
                cycle=self.ladder.cycle,
                severity=self.severity,
                expire_time=now + self.ladder.policy.page_lifetime,
                replaced=replaced or (),
            )
        )

    def _locate(self, signal: Signal, now: datetime) -> None:
        """A signal that names a place takes over from an older one; others leave it as it is."""
        raise_time = signal.raise_time or now
        if signal.location_id and raise_time >= self.place_time:
            self.location_id, self.signal_time = signal.location_id, raise_time

    def _note_signal(self, kind: ActKind, signal: Signal, now: datetime) -> None:
        self._note(
            kind,
            now,
            by=signal.reporter_id,
            fact_id=signal.fact_id,
            detail=signal.source,
            inbound_id=signal.inbound_id,
        )
        if signal.departure:
            self._note(ActKind.PATIENT_LEFT, now, by=signal.reporter_id, detail=signal.departure)

    def _note(self, kind: ActKind, now: datetime, *, by: str = SYSTEM, **columns: str) -> None:
        rung, cycle = self.ladder.rung, self.ladder.cycle
        self.timeline.add(Act(kind, now, by, rung, cycle, **columns))

    def _say_opened(self, safety_signal_id: str = "") -> None:
        self.events.append(
            CaseOpened(
                case_id=self.id,
                patient_id=self.patient_id,
                severity=self.severity,
                safety_signal_id=safety_signal_id,
                open_time=self.open_time,
            )
        )

    def _say_escalated(self, now: datetime) -> None:
        rung, cycle = self.ladder.rung, self.ladder.cycle
        self.events.append(CaseEscalated(self.id, self.patient_id, rung, cycle, now))

    def _say_acknowledged(
        self, now: datetime, deadline: datetime, *, is_hand_over: bool = False
    ) -> None:
        owner_id, role = self.responders.owner_id, self.responders.owner_role
        self.events.append(
            CaseAcknowledged(self.id, self.patient_id, owner_id, role, now, deadline, is_hand_over)
        )

    def _say_contacted(self, now: datetime) -> None:
        self.events.append(CaseContacted(self.id, self.patient_id, now))

    def _say_resolved(self, now: datetime) -> None:
        self.events.append(CaseResolved(self.id, self.patient_id, self.disposition, now))
