"""Who leads a session, who was let in, who was shown out: the part of its document that says so.

Sessions of earlier releases have none of these fields.
"""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.sessions.codec.intervals import interval_document, interval_from
from services.sessions.domain.house import Grant, House
from services.sessions.domain.leading import Leading
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session


def staff_document(session: Session) -> Document:
    """Everything of it, as fields of the session's document."""
    leading, house = session.leading, session.house
    return {
        "co_facilitators": [
            {"clinician_id": clinician_id, "states": sorted(states)}
            for clinician_id, states in session.schedule.co_facilitators.items()
        ],
        "group_session_id": session.group_session_id,
        "lead_id": leading.lead_id,
        "hold_start_time": leading.hold_start_time,
        "holds": [interval_document(each) for each in leading.holds],
        "unled_time": leading.unled_time,
        "quiet_until": leading.quiet_until,
        "call_time": leading.call_time,
        "grants": [_grant_document(each) for each in house.grants],
        "barred_ids": sorted(house.barred_ids),
        "is_locked": house.is_locked,
        "titles_given": [
            {"role": role.value, "place": place} for role, place in house.titles_given
        ],
    }


def co_facilitators_from(document: Document) -> dict[str, frozenset[str]]:
    """Who helps, in their order."""
    told = document.get("co_facilitators", ())
    return {each["clinician_id"]: frozenset(each["states"]) for each in told}


def leading_from(document: Document) -> Leading:
    """Who leads."""
    return Leading(
        lead_id=document.get("lead_id", ""),
        hold_start_time=document.get("hold_start_time"),
        holds=tuple(interval_from(each) for each in document.get("holds", ())),
        unled_time=document.get("unled_time"),
        quiet_until=document.get("quiet_until"),
        call_time=document.get("call_time"),
    )


def house_from(document: Document) -> House:
    """Who was let in and shown out."""
    return House(
        grants=tuple(_grant_from(each) for each in document.get("grants", ())),
        barred_ids=frozenset(document.get("barred_ids", ())),
        is_locked=document.get("is_locked", False),
        titles_given=tuple(
            (Role(each["role"]), each["place"]) for each in document.get("titles_given", ())
        ),
    )


def _grant_document(grant: Grant) -> dict[str, Any]:
    return {
        "person_id": grant.person_id,
        "role": grant.role.value,
        "alias": grant.alias,
        "family_of_id": grant.patient_id,
        "granted_by": grant.granted_by,
    }


def _grant_from(document: dict[str, Any]) -> Grant:
    return Grant(
        document["person_id"],
        Role(document["role"]),
        document["alias"],
        document["family_of_id"],
        document["granted_by"],
    )
