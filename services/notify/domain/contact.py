"""How people are reached. The address itself exists only as ciphertext, and while it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from services.notify.domain.message import Channel

# Deliberately simple: the provider decides what an address is; this keeps headers whole.
EMAIL = re.compile(r"[!-~]{1,64}@[!-~]{1,189}")
SUPERVISOR_POOL = "supervisor-pool"


@dataclass(slots=True)
class ContactPoint:
    """A way to reach a member of staff, or the supervisors."""

    id: str
    recipient_id: str
    channel: Channel
    address_ciphertext: bytes
    masked_address: str
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def move(self, address_ciphertext: bytes, masked_address: str) -> None:
        """From now on the recipient is reached there."""
        self.address_ciphertext, self.masked_address = address_ciphertext, masked_address


@dataclass(frozen=True, slots=True)
class PatientContact:
    """How a patient is reached, as intake said; empty where there is no such way."""

    patient_id: str
    email_ciphertext: bytes
    phone_ciphertext: bytes
    time_zone: str


def is_email(address: str) -> bool:
    """True for what can stand in a header as one address."""
    return EMAIL.fullmatch(address) is not None and address.count("@") == 1


def masked(address: str) -> str:
    """Enough for its owner to recognize it."""
    return f"{address[:1]}***@***"


def is_unwilling(*, lost: int, given: int) -> bool:
    """False only where messages were surely agreed to after they were refused; 0 is unknown."""
    return not 0 < lost < given
