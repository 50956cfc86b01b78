"""What providers call back with, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.notify.domain.attempt import Receipt
from services.notify.domain.wording import Language


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a provider says became of what it took; `receipt` is NONE while it is on its way."""

    reference: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Digits:
    """What somebody pressed during a call."""

    reference: str
    digits: str


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text that somebody sent to one of our numbers. It may be empty: a picture without words."""

    from_number: str = field(repr=False)
    to_number: str
    body: str = field(repr=False)
    reference: str


class Callbacks(Protocol):
    """What one provider calls back with. InvalidArgument where it cannot be understood."""

    @property
    def url(self) -> str:
        """What the provider reaches this deployment's callbacks by, without a final slash."""
        ...

    def is_genuine(self, url: str, params: Mapping[str, str], signature: str) -> bool:
        """True where the provider signed exactly this address with exactly these fields."""
        ...

    def status(self, params: Mapping[str, str]) -> StatusReport:
        """A report about a text or a call."""
        ...

    def digits(self, params: Mapping[str, str]) -> Digits:
        """What was pressed in a call."""
        ...

    def text(self, params: Mapping[str, str]) -> ReceivedText:
        """A text that came in."""
        ...

    def recorded(self, language: Language) -> str:
        """Ends a call with thanks for the answer."""
        ...

    def asked_again(self, language: Language) -> str:
        """Tells a call whose keys meant nothing what they mean, and listens once more."""
        ...

    def nothing(self) -> str:
        """Says nothing to a text: its answer, if there is one, is a message of its own."""
        ...
