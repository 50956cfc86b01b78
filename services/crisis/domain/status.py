"""What a patient is told about the own case: never a name, always a number to call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.crisis.domain.record import CaseRecord, State


class Help(StrEnum):
    """How far help has come."""

    NONE = "none"
    SENT = "sent"
    NOBODY_YET = "nobody_yet"
    TAKEN = "taken"
    CONTACTED = "contacted"


@dataclass(frozen=True, slots=True)
class PatientStatus:
    """The patient's own view."""

    help: Help
    call_number: str
    owner_role: str = ""
    update_time: datetime | None = None


def status_of(case: CaseRecord | None, call_number: str) -> PatientStatus:
    """What may be said of the patient's unresolved case, if there is one."""
    if case is None or not case.is_open:
        return PatientStatus(Help.NONE, call_number)
    if case.state is State.ACKNOWLEDGED:
        return PatientStatus(
            Help.TAKEN, call_number, case.responders.owner_role, case.responders.acknowledge_time
        )
    if case.state is State.CONTACTED:
        return PatientStatus(
            Help.CONTACTED, call_number, case.responders.owner_role, case.contact_time
        )
    help = Help.NOBODY_YET if case.unanswered else Help.SENT
    return PatientStatus(help, call_number, "", case.wait_start)
