"""What would help somebody whom the door refused, as a stable code beside the reason."""

from __future__ import annotations

from enum import StrEnum


class Aid(StrEnum):
    """What a client, or the person, can do."""

    CHECK_SESSION = "CHECK_SESSION"
    GET_TICKET = "GET_TICKET"
    SIGN_CONSENT = "SIGN_CONSENT"
    COME_NEXT_TIME = "COME_NEXT_TIME"
    COME_LATER = "COME_LATER"
    COME_AGAIN = "COME_AGAIN"
    ATTEST_LOCATION = "ATTEST_LOCATION"
    CALL_PROGRAM = "CALL_PROGRAM"
    JOIN_ANEW = "JOIN_ANEW"
    # For staff: somebody else of the room's staff may treat where the patient sits.
    ASK_COLLEAGUE = "ASK_COLLEAGUE"


AIDS = {
    "NOT_FOUND": Aid.CHECK_SESSION,
    "NOT_FACILITATOR": Aid.CHECK_SESSION,
    "SEAT_RELEASED": Aid.CALL_PROGRAM,
    "TICKET_REQUIRED": Aid.GET_TICKET,
    "TICKET_UNKNOWN": Aid.GET_TICKET,
    "TICKET_EXPIRED": Aid.GET_TICKET,
    "TICKET_USED": Aid.GET_TICKET,
    "TICKET_MISMATCH": Aid.GET_TICKET,
    "RESUME_UNKNOWN": Aid.GET_TICKET,
    "RESUME_EXPIRED": Aid.GET_TICKET,
    "CONSENT_REVOKED": Aid.SIGN_CONSENT,
    "SESSION_ENDED": Aid.COME_NEXT_TIME,
    "SESSION_CANCELED": Aid.COME_NEXT_TIME,
    "BARRED": Aid.CALL_PROGRAM,
    "ROOM_LOCKED": Aid.COME_LATER,
    "SESSION_NOT_STARTED": Aid.COME_LATER,
    "LOCATION_STALE": Aid.ATTEST_LOCATION,
    "ALIAS_PENDING": Aid.COME_AGAIN,
    "ADMISSION_DENIED": Aid.CALL_PROGRAM,
    "DOOR_CLOSED": Aid.CALL_PROGRAM,
    "LICENSE_STATE_MISMATCH": Aid.CALL_PROGRAM,
    "CURSOR_UNKNOWN": Aid.JOIN_ANEW,
}
# Refusals that a program mends by itself in a moment are no worry about the person.
WORRYING = frozenset(
    {
        "SEAT_RELEASED",
        "CONSENT_REVOKED",
        "BARRED",
        "ROOM_LOCKED",
        "SESSION_ENDED",
        "SESSION_CANCELED",
        "SESSION_NOT_STARTED",
        "LOCATION_STALE",
        "ADMISSION_DENIED",
        "DOOR_CLOSED",
    }
)
