"""What somebody is in a room, and what each role may see and do there: one table.

    sees      who is behind an alias; the alarms of the room's patients in their own private log
    does      what its frames and requests may ask for

Who was shown out does none of it any more. The safety signal is in no table: nobody is ever refused
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is in a room."""

    PATIENT = "patient"
    # Leads the room at this moment.
    FACILITATOR = "facilitator"
    # Helps to lead it, and leads it where the facilitator is lost.
    CO_FACILITATOR = "co_facilitator"
    # Looks on, visible to all.
    OBSERVER = "observer"
    INTERPRETER = "interpreter"
    # Of one patient, who agreed to it.
    FAMILY_MEMBER = "family_member"
    # A patient on the telephone, whose place staff holds.
    PHONE = "phone"


class Right(StrEnum):
    """What a role may see or do."""

    SPEAK = "speak"
    REACT = "react"  # a sign that everybody sees
    RAISE_HAND = "raise_hand"  # ask to speak
    VOTE = "vote"
    SEE_PATIENTS = "see_patients"
    HEAR_ALARMS = "hear_alarms"
    MODERATE = "moderate"
    WHISPER = "whisper"  # a private word to a patient
    ANSWER = "answer"  # a private word to staff
    LEAD = "lead"
    COUNT = "count"  # minutes are counted


_VOICE = frozenset({Right.SPEAK, Right.REACT, Right.RAISE_HAND})
_STAFF = _VOICE | {
    Right.SEE_PATIENTS,
    Right.HEAR_ALARMS,
    Right.MODERATE,
    Right.WHISPER,
    Right.LEAD,
}
RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.PATIENT: _VOICE | {Right.VOTE, Right.ANSWER, Right.COUNT},
        Role.FACILITATOR: _STAFF,
        Role.CO_FACILITATOR: _STAFF,
        # Comes muted: speaks once a facilitator has allowed it.
        Role.OBSERVER: _VOICE,
        Role.INTERPRETER: _VOICE,
        Role.FAMILY_MEMBER: _VOICE,
        # Without a screen: nothing but presence.
        Role.PHONE: frozenset({Right.COUNT}),
    }
)
STAFF_ROLES = frozenset({Role.FACILITATOR, Role.CO_FACILITATOR})
COMES_MUTED = frozenset({Role.OBSERVER})
# What a mute takes: what everybody would see of them. Asking to speak, a vote that is told as a
# count, a mood and a word to staff stay: nobody is put out of treatment by it.
TAKEN_BY_MUTE = frozenset({Right.SPEAK, Right.REACT})
# How others see them: by role, never by name.
TITLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.FACILITATOR: "Facilitator",
        Role.CO_FACILITATOR: "Co-facilitator",
        Role.OBSERVER: "Observer",
        Role.INTERPRETER: "Interpreter",
        Role.FAMILY_MEMBER: "Family member",
    }
)


def may(role: Role, right: Right) -> bool:
    """What is not in the table is not allowed."""
    return right in RIGHTS.get(role, frozenset())


def title(role: Role, place: int) -> str:
    """The name in the room of the first, second ... of a role: stays theirs whoever leads."""
    return TITLES[role] if place == 1 else f"{TITLES[role]} {place}"
