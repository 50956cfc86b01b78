"""What is known here of a crisis case, from events that arrive in any order.

For each kind of step the newest version is kept; where the case stands follows from them together:

    nothing but the opening          SENT
    the newest step is an escalation NOBODY_YET
    ... an acknowledgement           HELD_BY_ROLE
    ... a contact                    HELD_BY_ROLE, unless a later signal opened the case again: SENT
    ... a resolution                 RESOLVED
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from clinical.risk import Severity
from services.sessions.domain.commands import CaseStep


class Help(StrEnum):
    """What the patient may rely on."""

    NOBODY_YET = "nobody_yet"
    SENT = "sent"
    HELD_BY_ROLE = "held_by_role"
    RESOLVED = "resolved"


# Only clinicians can acknowledge a case: true even while the acknowledgement is on its way.
ANY_HOLDER = "clinician"
MEANING = MappingProxyType(
    {
        CaseStep.ESCALATED: Help.NOBODY_YET,
        CaseStep.ACKNOWLEDGED: Help.HELD_BY_ROLE,
        CaseStep.CONTACTED: Help.HELD_BY_ROLE,
        CaseStep.RESOLVED: Help.RESOLVED,
    }
)


@dataclass(slots=True)
class Case:
    """A copy of what concerns the people of a room."""

    id: str
    # Empty while nobody knows whose case it is.
    patient_id: str
    versions: Mapping[CaseStep, int] = field(default_factory=dict)
    holder_role: str = ""
    contact_time: datetime | None = None
    # Of the newest resolution; a case may go on after it.
    resolve_time: datetime | None = None
    signal_ids: frozenset[str] = field(default_factory=frozenset)
    # None while no opening was heard, or where it said none that is known here.
    severity: Severity | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def open(self, signal_id: str, version: int, severity: Severity | None = None) -> None:
        """The signal opened this case, or joined it."""
        if signal_id:
            self.signal_ids |= {signal_id}
        if self._take(CaseStep.OPENED, version):
            self.severity = severity

    def escalate(self, version: int) -> None:
        """Nobody answered in time."""
        self._take(CaseStep.ESCALATED, version)

    def acknowledge(self, role: str, version: int) -> None:
        """Somebody took it."""
        if self._take(CaseStep.ACKNOWLEDGED, version):
            self.holder_role = role

    def contact(self, at: datetime, version: int) -> None:
        """Somebody reached the patient."""
        if self._take(CaseStep.CONTACTED, version):
            self.contact_time = at

    def resolve(self, at: datetime, version: int) -> None:
        """It ended."""
        if self._take(CaseStep.RESOLVED, version):
            self.resolve_time = at

    @property
    def help(self) -> Help:
        """Where the case stands."""
        steps = [step for step in MEANING if step in self.versions]
        if not steps:
            return Help.SENT
        last = max(steps, key=self.versions.__getitem__)
        opened = self.versions.get(CaseStep.OPENED, 0)
        if last is CaseStep.CONTACTED and opened > self.versions[last]:
            return Help.SENT
        return MEANING[last]

    @property
    def is_at_risk(self) -> bool:
        """True while it is open and of high severity; one that nobody knows is not less."""
        return self.help is not Help.RESOLVED and self.severity in {None, Severity.HIGH}

    @property
    def told_role(self) -> str:
        """Who has it, or had it; empty while nobody does."""
        if self.help in {Help.HELD_BY_ROLE, Help.RESOLVED}:
            return self.holder_role or ANY_HOLDER
        return ""

    def _take(self, step: CaseStep, version: int) -> bool:
        if version <= self.versions.get(step, 0):
            return False
        self.versions = {**self.versions, step: version}
        return True


def are_settled(cases: Sequence[Case], at: datetime) -> bool:
    """True where what happened then to their patient was followed by a resolution, and nothing
    goes on. Where nobody knows of a case, nothing is settled."""
    is_resolved = all(case.help is Help.RESOLVED for case in cases)
    ends = [case.resolve_time for case in cases if case.resolve_time is not None]
    return is_resolved and any(end >= at for end in ends)
