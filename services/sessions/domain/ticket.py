"""What opens a door beside the token: a ticket for the first time, a resume token from then on.

Both are secrets of their owner. Only hashes are kept; either is good for one person in one session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from chassis.errors import FailedPrecondition, PermissionDenied

SECRET_LENGTH = 128  # characters; longer ones are none of ours
MOST_TICKETS = 20  # of one person for one session at a time


@dataclass(frozen=True, slots=True)
class JoinTicket:
    """Good for one admission."""

    # The hash of what its owner holds.
    id: str
    session_id: str
    person_id: str
    expire_time: datetime

    def require_good(self, session_id: str, person_id: str, now: datetime) -> None:
        """Refuse anybody else's, another session's, and an old one."""
        if (self.session_id, self.person_id) != (session_id, person_id):
            text = "the ticket is somebody else's, or of another session"
            raise PermissionDenied("TICKET_MISMATCH", text)
        if now >= self.expire_time:
            raise FailedPrecondition("TICKET_EXPIRED", "the ticket's time is over: get another")


def hash_of(secret: str) -> str:
    """What is kept of it."""
    return sha256(secret.encode()).hexdigest()
