"""One-time links by which a page is answered. Only a token's hash is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.notify.domain.wording import Language

# `secrets.token_urlsafe` of this many bytes: 160 bits cannot be guessed.
TOKEN_BYTES = 20
LONGEST_TOKEN = 64


class Standing(StrEnum):
    """What a link is good for now."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Opened:
    """What whoever opens a link is told, and in which language."""

    standing: Standing
    language: Language


@dataclass(slots=True)
class Link:
    """One token, of one page's one recipient."""

    id: str
    message_id: str
    recipient_id: str
    expire_time: datetime
    use_time: datetime | None = None
    # Of the mail in which it lies.
    language: Language = Language.ENGLISH
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def opened(self, now: datetime) -> Opened:
        """What its recipient sees now."""
        return Opened(self.standing(now), self.language)

    def standing(self, now: datetime) -> Standing:
        """Used comes before expired: who has answered need not do anything."""
        if self.use_time is not None:
            return Standing.USED
        return Standing.EXPIRED if self.expire_time <= now else Standing.OPEN


def print_of(token: str) -> str:
    """What is kept of a token. It is random enough to need no key."""
    return hashlib.sha256(token.encode()).hexdigest()


def tag_of(tenant_id: str) -> str:
    """Names a tenant in an address that strangers may read: the id itself may tell what it is."""
    return hashlib.sha256(f"link\x1f{tenant_id}".encode()).hexdigest()[:12]
