"""Minutes that stand: sealed after the session's end, correctable only by an amendment.

    computed from the ledger --seal--> sealed --amend--> amended --amend--> ...

A seal keeps the seconds and where they lay, so that no later change of the rules changes them. What
is sealed and every amendment are signed together with the tenant's key: whoever can only write to
the database cannot change them unseen. An older state put back whole is a true one; the audit trail
tells that there was a newer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest

from chassis.errors import FailedPrecondition
from services.sessions.domain.ledger import Interval

# A keyed signature over what is said.
Sign = Callable[[bytes], bytes]


class AmendReason(StrEnum):
    """Why the sealed seconds are not what happened."""

    CONNECTION_NOT_RECORDED = "connection_not_recorded"  # was there by another way, by phone say
    LEFT_UNRECORDED = "left_unrecorded"  # the connection stayed, the patient did not
    WRONG_PERSON = "wrong_person"  # somebody else sat there
    CLERICAL = "clerical"


@dataclass(frozen=True, slots=True)
class Amendment:
    """Somebody set the seconds, and answers for it."""

    counted_seconds: int
    reason: AmendReason
    amender_id: str
    amend_time: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """What was counted when the session was over, and what was amended since, oldest first."""

    counted_seconds: int
    intervals: tuple[Interval, ...]
    seal_time: datetime
    signature: bytes = field(default=b"", repr=False)
    amendments: tuple[Amendment, ...] = ()

    @property
    def standing_seconds(self) -> int:
        """What counts today."""
        return self.amendments[-1].counted_seconds if self.amendments else self.counted_seconds

    def signed(self, owner: str, sign: Sign) -> Seal:
        """The owner's seal with a signature over all that it says."""
        return replace(self, signature=sign(self._said(owner)))

    def amended(self, amendment: Amendment, owner: str, sign: Sign) -> Seal:
        """With one more amendment, signed anew.

        ATTENDANCE_NOT_INTACT where it is not what was signed: that must not become true by this;
        ATTENDANCE_UNCHANGED where so many seconds stand already.
        """
        if not self.is_intact(owner, sign):
            raise FailedPrecondition("ATTENDANCE_NOT_INTACT", "what is sealed was not signed")
        if amendment.counted_seconds == self.standing_seconds:
            raise FailedPrecondition("ATTENDANCE_UNCHANGED", "so many seconds stand already")
        return replace(self, amendments=(*self.amendments, amendment)).signed(owner, sign)

    def is_intact(self, owner: str, sign: Sign) -> bool:
        """Whether it says what was signed."""
        return compare_digest(self.signature, sign(self._said(owner)))

    def _said(self, owner: str) -> bytes:
        parts = [owner, str(self.counted_seconds), self.seal_time.isoformat()]
        for interval in self.intervals:
            parts += ["interval", interval.start.isoformat(), interval.end.isoformat()]
        for each in self.amendments:
            parts += ["amendment", str(each.counted_seconds), each.reason.value]
            parts += [each.amender_id, each.amend_time.isoformat()]
        return "\x1f".join(parts).encode()
