"""How people are reached. The address itself exists only as ciphertext, and while it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from services.notify.domain.address import is_number
from services.notify.domain.message import Channel

# Deliberately simple: the provider decides what an address is; this keeps headers whole.
EMAIL = re.compile(r"[!-~]{1,64}@[!-~]{1,189}")
PUSH_TOKEN = re.compile(r"[A-Za-z0-9_:.=-]{16,1024}")  # opaque; this keeps JSON and paths whole
WEBHOOK = re.compile(r"https://[!-~]{3,1024}")
SUPERVISOR_POOL = "supervisor-pool"
# Where a recipient gives no order: what wakes fastest first. [D]
RANKS: Mapping[Channel, int] = MappingProxyType(
    {
        Channel.PUSH: 10,
        Channel.SMS: 20,
        Channel.VOICE: 30,
        Channel.EMAIL: 40,
        Channel.WEBHOOK: 50,
    }
)
HIGHEST_RANK = 99
# What a push service calls gone never comes back: the app gets a new token. A partner's URL may.
# https://firebase.google.com/docs/cloud-messaging/manage-tokens
ENDING = frozenset({Channel.PUSH})


@dataclass(slots=True)
class ContactPoint:
    """A way to reach a member of staff, or the supervisors."""

    id: str
    recipient_id: str
    channel: Channel
    address_ciphertext: bytes
    masked_address: str
    # The lower, the earlier a page goes there; of equal ones the channel's own rank decides.
    rank: int = 0
    # Since when its provider says that nothing is there any more.
    gone_time: datetime | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def move(self, address_ciphertext: bytes, masked_address: str) -> None:
        """From now on the recipient is reached there."""
        self.address_ciphertext, self.masked_address = address_ciphertext, masked_address
        self.gone_time = None

    @property
    def is_gone(self) -> bool:
        """True where nothing is sent until an address is registered anew."""
        return self.gone_time is not None

    def lose(self, address_ciphertext: bytes, now: datetime) -> bool:
        """Nothing is at that address any more; False where that is no news of this one."""
        if self.is_gone or self.address_ciphertext != address_ciphertext:
            return False
        self.gone_time = now
        return True

    @property
    def place(self) -> tuple[int, int]:
        """Sorts a recipient's contact points into their order."""
        return (self.rank or RANKS[self.channel], RANKS[self.channel])


@dataclass(frozen=True, slots=True)
class PatientContact:
    """How a patient is reached, as intake said; empty where there is no such way."""

    patient_id: str
    email_ciphertext: bytes
    phone_ciphertext: bytes
    time_zone: str


def is_address(channel: Channel, address: str) -> bool:
    """True for what a provider of the channel can be given as one address."""
    return IS_ADDRESS[channel](address)


def is_email(address: str) -> bool:
    """True for what can stand in a header as one address."""
    return EMAIL.fullmatch(address) is not None and address.count("@") == 1


def is_push_token(address: str) -> bool:
    """True for what a push service may have given to an app."""
    return PUSH_TOKEN.fullmatch(address) is not None


def is_webhook(address: str) -> bool:
    """True for an https address of a host, without credentials and without a fragment."""
    if WEBHOOK.fullmatch(address) is None:
        return False
    try:
        parts = urlsplit(address)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return is_port and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


IS_ADDRESS: Mapping[Channel, Callable[[str], bool]] = MappingProxyType(
    {
        Channel.EMAIL: is_email,
        Channel.SMS: is_number,
        Channel.VOICE: is_number,
        Channel.PUSH: is_push_token,
        Channel.WEBHOOK: is_webhook,
    }
)


def masked(channel: Channel, address: str) -> str:
    """Enough for its owner to recognize it, too little for anybody else to use it."""
    if channel in {Channel.SMS, Channel.VOICE}:
        return f"***{address[-2:]}"
    if channel is Channel.EMAIL:
        return f"{address[:1]}***@***"
    return "https://***" if channel is Channel.WEBHOOK else "***"


def is_unwilling(*, lost: int, given: int) -> bool:
    """False only where messages were surely agreed to after they were refused; 0 is unknown."""
    return not 0 < lost < given
