"""What is known here of a crisis case.

Its events arrive in any order; each facet takes newer ones only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Help(StrEnum):
    """What the patient may rely on."""

    NOBODY_YET = "nobody_yet"
    SENT = "sent"
    HELD_BY_ROLE = "held_by_role"
    RESOLVED = "resolved"


# Only clinicians can acknowledge a case: true even while the acknowledgement is on its way.
ANY_HOLDER = "clinician"


@dataclass(slots=True)
class Case:
    """A copy; `help` moves with the newest step."""

    id: str
    patient_id: str
    help: Help = Help.SENT
    help_version: int = 0
    holder_role: str = ""
    holder_version: int = 0
    contact_time: datetime | None = None
    signal_ids: frozenset[str] = field(default_factory=frozenset)
    version: int = 0
    events: list[object] = field(default_factory=list)

    def open(self, signal_id: str, owner_role: str, version: int) -> None:
        """The signal opened this case, or joined it, whoever has it by then."""
        if signal_id:
            self.signal_ids |= {signal_id}
        if owner_role:
            self.acknowledge(owner_role, version)
        else:
            self._step(Help.SENT, version)

    def escalate(self, version: int) -> None:
        """Nobody answered in time."""
        self._step(Help.NOBODY_YET, version)

    def acknowledge(self, role: str, version: int) -> None:
        """Somebody took it."""
        self._step(Help.HELD_BY_ROLE, version)
        if version > self.holder_version:
            self.holder_role, self.holder_version = role, version

    def contact(self, at: datetime, version: int) -> None:
        """Somebody reached the patient."""
        self._step(Help.HELD_BY_ROLE, version)
        self.contact_time = max(at, self.contact_time or at)

    def resolve(self, version: int) -> None:
        """It ended."""
        self._step(Help.RESOLVED, version)

    @property
    def told_role(self) -> str:
        """Who has it, or had it; empty while nobody does."""
        if self.help in {Help.HELD_BY_ROLE, Help.RESOLVED}:
            return self.holder_role or ANY_HOLDER
        return ""

    def _step(self, help_: Help, version: int) -> None:
        if version > self.help_version:
            self.help, self.help_version = help_, version
