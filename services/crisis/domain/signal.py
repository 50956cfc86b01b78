"""A sign that somebody may be in danger, from whichever source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from services.crisis.domain.location import KeepLocation


class Severity(IntEnum):
    """How bad it may be; ordered, so that the worse of two is `max`."""

    LOW = 1
    MODERATE = 2
    HIGH = 3


class Source(StrEnum):
    """Who or what noticed."""

    RISK_RAISED = "risk_raised"
    SAFETY_SIGNAL = "safety_signal"
    CLINICIAN = "clinician"
    INBOUND_TEXT = "inbound_text"
    # Written in the chat of a live room.
    CHAT = "chat"
    MISSED_CHECK_IN = "missed_check_in"
    MISSED_FOLLOW_UP = "missed_follow_up"
    PERSON_REQUESTED = "person_requested"
    # Somebody called about a patient.
    CALLER_REPORT = "caller_report"
    # A crisis-class event that nobody could take: only its envelope is known.
    DEAD_LETTER = "dead_letter"
    # The platform tries itself.
    DRILL = "drill"
    # A patient went from a live room soon after a safety signal, before anybody reached them.
    PATIENT_LEFT = "patient_left"
    # A patient who must not be alone was at the door of a live room and not let in.
    PATIENT_AT_DOOR = "patient_at_door"


@dataclass(frozen=True, slots=True)
class Signal:
    """One fact about one patient; `fact_id` is the same on every path it takes to us."""

    fact_id: str
    # Empty where nobody knows yet whose emergency it is: such a fact has a case of its own.
    patient_id: str
    source: Source
    severity: Severity
    # The person or service that reported it.
    reporter_id: str
    # For signals from a live room: a call's for help own id, and the place attested at that moment.
    safety_signal_id: str = ""
    location_id: str = ""
    # That place itself, where the signal brought it along.
    location: KeepLocation | None = None
    # Of a text: its id in notify, which keeps its words; a keyed hash of its sender's address, that
    # stands for a sender whom nobody knows; and the address to call back.
    inbound_id: str = ""
    sender_key: str = ""
    sender_ciphertext: bytes = field(default=b"", repr=False)
    raise_time: datetime | None = None
    # How a patient in danger went, where that is the fact: a code of sessions.
    departure: str = ""
