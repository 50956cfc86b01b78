"""Where a patient says to sit now. The law looks at this state, and helpers are sent there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.sessions.domain.events import LocationAttested

TICK = timedelta(milliseconds=1)  # what a stored time can tell apart

# States, the District of Columbia and the territories that license clinicians (USPS codes).
# fmt: off
STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN",
    "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH",
    "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT",
    "VT", "VA", "WA", "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI",
})
# fmt: on


@dataclass(slots=True)
class Location:
    """One attestation; never changed, only followed by a newer one."""

    id: str
    patient_id: str
    state: str
    address_ciphertext: bytes
    callback_number_ciphertext: bytes
    attest_time: datetime
    # Empty where the patient did not say.
    others_present_ciphertext: bytes = b""
    disconnection_plan_ciphertext: bytes = b""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def told(self) -> LocationAttested:
        """The attestation as others hear of it."""
        return LocationAttested(
            self.id,
            self.patient_id,
            self.state,
            self.address_ciphertext,
            self.callback_number_ciphertext,
            self.attest_time,
            self.others_present_ciphertext,
            self.disconnection_plan_ciphertext,
        )

    def is_fresh(self, now: datetime, max_age_seconds: float) -> bool:
        """True while it may open a door."""
        return now < self.attest_time + timedelta(seconds=max_age_seconds)


@dataclass(frozen=True, slots=True)
class Place:
    """What a patient says of where they sit, not readable here."""

    state: str
    address_ciphertext: bytes
    callback_number_ciphertext: bytes
    others_present_ciphertext: bytes = b""
    disconnection_plan_ciphertext: bytes = b""


def later_than(last: datetime | None, now: datetime) -> datetime:
    """The instant of the next attestation: now, or the first one that is stored as later than the
    last. So no two are of one instant, and whoever compares their times finds the same newest."""
    if last is None or now - last >= TICK:
        return now
    return last + TICK


def attested(location_id: str, patient_id: str, place: Place, now: datetime) -> Location:
    """The patient's own word, from now on."""
    location = Location(
        location_id,
        patient_id,
        place.state,
        place.address_ciphertext,
        place.callback_number_ciphertext,
        now,
        place.others_present_ciphertext,
        place.disconnection_plan_ciphertext,
    )
    location.events.append(location.told())
    return location
