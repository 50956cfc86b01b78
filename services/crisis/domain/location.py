"""Where a patient said to be; address and numbers not readable here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeepLocation:
    """One attestation; never changed, only followed by a newer one."""

    location_id: str
    patient_id: str
    state: str
    address_ciphertext: bytes
    callback_number_ciphertext: bytes
    attest_time: datetime
    # Of the place's own dispatch; empty where whoever attested did not ask for it.
    emergency_number_ciphertext: bytes = b""
    # Who else is there, and what to do if the connection is lost; empty where nobody asked.
    others_present_ciphertext: bytes = b""
    disconnection_plan_ciphertext: bytes = b""
