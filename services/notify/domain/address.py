"""Addresses as keys: the same address gives the same key, and no key gives an address back.

Ciphertexts differ each time, so what must be found by its address (who wrote, who said stop, what
was proved) is kept beside them under a keyed hash of the tenant.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from services.notify.domain.message import Channel

SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015/]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most fifteen digits
NANP = re.compile(r"\+?1?([2-9][0-9]{2}[2-9][0-9]{6})")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose address it is."""

    id: str
    is_patient: bool

    @property
    def patient_id(self) -> str:
        """Empty for staff."""
        return self.id if self.is_patient else ""


def is_number(address: str) -> bool:
    """True for a telephone number with its country, as E.164 writes it."""
    return E164.fullmatch(address) is not None


def normal(channel: Channel, address: str) -> str:
    """One spelling for one address; empty where it is none."""
    if channel in {Channel.SMS, Channel.VOICE}:
        return normal_number(address)
    return address.strip().casefold() if channel is Channel.EMAIL else address.strip()


def normal_number(text: str) -> str:
    """E.164; a number of ten digits, or eleven with a 1, is of the North American plan."""
    digits = SEPARATORS.sub("", text)
    if local := NANP.fullmatch(digits):
        return f"+1{local[1]}"
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    return digits if is_number(digits) else ""


def address_key(key: bytes, channel: Channel, address: str) -> str:
    """The address under the tenant's key; texts and calls to one number share it. "" for none."""
    spelled = normal(channel, address)
    kind = "phone" if channel is Channel.VOICE or channel is Channel.SMS else channel.value
    return keyed(key, kind, spelled) if spelled else ""


def keyed(key: bytes, *parts: str) -> str:
    """A hash that nobody without the key can make or try out."""
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()
