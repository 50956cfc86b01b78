"""Proof that a contact point is its owner's: a code that is sent there and comes back.

Six digits are few, so they rest only under the tenant's key, live ten minutes, allow five tries,
and a new one is given three times an hour at most.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import ResourceExhausted
from services.notify.domain.address import keyed
from services.notify.domain.message import Channel

DIGITS = 6
LIFE = timedelta(minutes=10)  # [D]
MOST_TRIES = 5  # [D] of a million
MOST_STARTS, STARTS_WITHIN = 3, timedelta(hours=1)  # [D]


class Outcome(StrEnum):
    """What became of a code that came back."""

    VERIFIED = "verified"
    WRONG = "wrong"
    # Too old, tried too often, used, or for an address that has changed: ask for a new one.
    EXPIRED = "expired"


@dataclass(slots=True)
class Verification:
    """One recipient's one channel; it survives its codes, so that they can be counted."""

    id: str
    recipient_id: str
    channel: Channel
    patient_id: str = ""
    address_key: str = ""
    code_hash: str = ""
    expire_time: datetime | None = None
    tries_left: int = 0
    starts: tuple[datetime, ...] = ()
    version: int = 0
    events: list[object] = field(default_factory=list)

    def start(self, key: bytes, code: str, address_key: str, now: datetime) -> None:
        """A new code for the address; earlier ones are void. VERIFICATION_TOO_OFTEN past 3/hour."""
        recent = tuple(each for each in self.starts if now - each < STARTS_WITHIN)
        if len(recent) >= MOST_STARTS:
            raise ResourceExhausted("VERIFICATION_TOO_OFTEN", "wait before asking for a new code")
        self.starts = (*recent, now)
        self.address_key, self.code_hash = address_key, self._hash(key, code)
        self.expire_time, self.tries_left = now + LIFE, MOST_TRIES

    def confirm(self, key: bytes, code: str, address_key: str, now: datetime) -> Outcome:
        """Whether the code proves the address that the contact point has now."""
        is_over = self.expire_time is None or self.expire_time <= now or not self.tries_left
        if is_over or address_key != self.address_key:
            self._end()
            return Outcome.EXPIRED
        if hmac.compare_digest(self.code_hash, self._hash(key, code)):
            self._end()
            return Outcome.VERIFIED
        self.tries_left -= 1
        return Outcome.WRONG

    def _hash(self, key: bytes, code: str) -> str:
        return keyed(key, "code", self.id, code)

    def _end(self) -> None:
        self.code_hash, self.expire_time, self.tries_left = "", None, 0
