"""What people may ask of notify about themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel
from services.notify.domain.preferences import Preferences
from services.notify.domain.verification import Outcome
from services.notify.domain.wording import Language


@dataclass(frozen=True, slots=True)
class PutPreferences:
    """From now on like this."""

    recipient_id: str
    language: Language
    channels: frozenset[Channel]
    hours: Hours | None
    etag: str


@dataclass(frozen=True, slots=True)
class ChangeChannel:
    """Stop a channel, resume it, or prove its address."""

    recipient_id: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class ConfirmCode:
    """A code comes back."""

    recipient_id: str
    channel: Channel
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of the code."""

    outcome: Outcome
    tries_left: int


@dataclass(frozen=True, slots=True)
class StartedCode:
    """Until when the code works."""

    expire_time: datetime


@dataclass(frozen=True, slots=True)
class WishesView:
    """Wishes with what else decides about a channel."""

    preferences: Preferences
    # By text or otherwise.
    stopped: frozenset[Channel]
    verified: frozenset[Channel]
