"""One try at one message by one channel, and what was heard of it afterwards.

Two facts are kept apart: a provider took it (`reason` is empty once it has ended), and the
recipient's device has it (`receipt`). The second may never come, come twice, or come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

UNANSWERED = "UNANSWERED"  # the relay that made the attempt never came back
RECEIPT_MISSING = "RECEIPT_MISSING"  # a provider took it and never said that it arrived
UNDELIVERED = "UNDELIVERED"  # a provider took it and said later that it did not arrive


class Channel(StrEnum):
    """By which way."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    PUSH = "push"
    WEBHOOK = "webhook"


# Whose providers report what became of a message.
REPORTING = frozenset({Channel.SMS, Channel.VOICE})


class Receipt(StrEnum):
    """What a provider said after it took a message."""

    NONE = ""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Taken:
    """A provider's word that it has a message, and until when it owes another one."""

    provider: str = ""
    reference: str = ""
    receipt_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one provider."""

    channel: Channel
    start: datetime
    end: datetime | None = None
    # Empty: the provider took it, or the try has not ended.
    reason: str = ""
    # After a failure: from when on this channel may be tried again; None = not for this message.
    again: datetime | None = None
    # Who took it and what it is called there; empty where nobody did, or it has no name.
    provider: str = ""
    reference: str = ""
    # Until when the provider must have said that it arrived; None where it will say nothing.
    receipt_due: datetime | None = None
    receipt: Receipt = Receipt.NONE
    receipt_time: datetime | None = None

    @property
    def is_under_way(self) -> bool:
        """True until somebody knows what became of it."""
        return self.end is None

    @property
    def is_taken(self) -> bool:
        """True where a provider has it and nothing bad was heard since."""
        return self.end is not None and not self.reason

    @property
    def awaits_receipt(self) -> bool:
        """True where the provider still owes a word."""
        return self.is_taken and self.receipt is Receipt.NONE and self.receipt_due is not None

    def with_taken(self, taken: Taken, now: datetime) -> Attempt:
        """The attempt once a provider took it, however late that became known."""
        return replace(
            self,
            end=self.end or now,
            # The provider's report may be here before its acceptance is.
            reason=UNDELIVERED if self.receipt is Receipt.UNDELIVERED else "",
            again=None,
            provider=taken.provider,
            reference=taken.reference,
            receipt_due=taken.receipt_due,
        )

    def with_receipt(self, receipt: Receipt, now: datetime) -> Attempt | None:
        """The attempt after its provider's next word; None where that changes nothing.

        The first word counts, but for "it arrived" after nobody had believed in it any more.
        """
        is_belated = self.reason == RECEIPT_MISSING and receipt is Receipt.DELIVERED
        if self.receipt is not Receipt.NONE or (self.reason and not is_belated):
            return None
        is_bad = receipt is Receipt.UNDELIVERED and not self.is_under_way
        reason = UNDELIVERED if is_bad else ""
        return replace(self, receipt=receipt, receipt_time=now, reason=reason, again=None)

    @property
    def is_nameless(self) -> bool:
        """True where a provider may have it under a name that is not known here yet."""
        return not self.reference and (self.is_under_way or self.reason == UNANSWERED)


def place_of(reference: str, attempts: Sequence[Attempt]) -> int | None:
    """Which attempt a provider means; None where it can be none of them."""
    nameless = None
    for place, known in enumerate(attempts):
        if known.reference == reference:
            return place
        if known.is_nameless and known.channel in REPORTING:
            nameless = place
    return nameless
