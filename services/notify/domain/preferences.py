"""What somebody wishes of us: language, channels, hours. Never more than the law allows."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel
from services.notify.domain.wording import Language


@dataclass(slots=True)
class Preferences:
    """One recipient's wishes; with nothing said, English by every channel in legal hours."""

    id: str
    recipient_id: str
    patient_id: str = ""
    language: Language = Language.ENGLISH
    # Empty = any.
    channels: frozenset[Channel] = frozenset()
    # Narrower than the legal window; None = the legal one.
    hours: Hours | None = None
    # Said to stop; only saying otherwise brings a channel back.
    stopped: frozenset[Channel] = frozenset()
    version: int = 0
    events: list[object] = field(default_factory=list)

    def wish(
        self, *, language: Language, channels: frozenset[Channel], hours: Hours | None
    ) -> None:
        """From now on like this. What was stopped stays stopped."""
        self.language, self.channels, self.hours = language, channels, hours

    def stop(self, channel: Channel) -> None:
        """Nothing by this channel any more, but for a crisis by another way than text."""
        self.stopped = self.stopped | {channel}

    def resume(self, channel: Channel) -> None:
        """They want the channel again."""
        self.stopped = self.stopped - {channel}

    def refuses(self, channel: Channel) -> bool:
        """True where they named other channels."""
        return bool(self.channels) and channel not in self.channels
