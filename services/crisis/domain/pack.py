"""Where to send help and whom to call, in plain text. Exists only while it is being answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where the patient said to be."""

    location_id: str
    state: str
    address: str
    callback_number: str
    attest_time: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """Whom to call about the patient."""

    name: str
    phone: str
    has_release: bool


@dataclass(frozen=True, slots=True, repr=False)
class EmergencyPack:
    """All of it; a missing part is None, and what cannot be opened is empty and named."""

    case_id: str
    patient_id: str
    newest: Place | None
    at_signal: Place | None
    contact: Contact | None
    # Paths of the wire's fields, for example "newest_location.address".
    unreadable: tuple[str, ...]

    @property
    def is_location_changed(self) -> bool:
        """True where the patient has said another place since the signal."""
        if self.newest is None:
            return False
        return self.at_signal is None or self.newest.location_id != self.at_signal.location_id
