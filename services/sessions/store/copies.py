"""Copies of other services' words; each takes only newer ones per source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, repeat
from typing import Any

from chassis.ids import derived_id
from chassis.store import Ahead, Reader, Tx
from services.sessions.domain.copies import (
    AliasGiven,
    ConsentGiven,
    ConsentLost,
    Seat,
    SeatChange,
    is_barring,
)
from services.sessions.domain.session import Session

SEATS, ALIASES = "seats", "aliases"
CONSENT_BARS, CONSENTS = "consent_bars", "consents"


class CopyStore:
    """Seats, aliases and consents; see ports.Copies."""

    def change_seats(self, tx: Tx, change: SeatChange, version: int) -> None:
        """One document per seat, so that a late word about one says nothing about the others."""
        seats = chain(zip(change.held, repeat(True)), zip(change.released, repeat(False)))
        for session_id, is_held in seats:
            seat = {
                "_id": derived_id("seat", tx.call.tenant_id, change.enrollment_id, session_id),
                "enrollment_id": change.enrollment_id,
                "session_id": session_id,
                "patient_id": change.patient_id,
                "is_held": is_held,
            }
            tx.take_newer(SEATS, seat, aggregate_version=version)

    def give_alias(self, tx: Tx, given: AliasGiven, version: int) -> None:
        """The patient's name for the group."""
        alias = {
            "_id": derived_id("alias", tx.call.tenant_id, given.patient_id, given.group_id),
            "patient_id": given.patient_id,
            "group_id": given.group_id,
            "alias": given.alias,
        }
        tx.take_newer(ALIASES, alias, aggregate_version=version)

    def lose_consent(self, tx: Tx, lost: ConsentLost, version: int) -> None:
        """One document per consent; a new consent has an id of its own."""
        bar = {
            "_id": derived_id("consent", tx.call.tenant_id, lost.consent_id),
            "patient_id": lost.patient_id,
            "scope": lost.scope,
        }
        tx.take_newer(CONSENT_BARS, bar, aggregate_version=version)

    def give_consent(self, tx: Tx, given: ConsentGiven, version: int) -> None:
        """The newest per scope; it stands beside the bars, which may arrive after it."""
        consent = {
            "_id": derived_id("given", tx.call.tenant_id, given.patient_id, given.scope),
            "patient_id": given.patient_id,
            "scope": given.scope,
        }
        tx.take_newer(CONSENTS, consent, aggregate_version=version)

    def is_seated(self, reader: Reader, session: Session, patient_id: str) -> bool:
        """True for a patient booked into the session or holding a seat by enrollment."""
        if patient_id in session.schedule.patient_ids:
            return True
        return reader.find_one(SEATS, _seat(session.id, patient_id)) is not None

    def had_seat(self, reader: Reader, session_id: str, patient_id: str) -> bool:
        """True where a seat by enrollment was given back."""
        given_back = {**_seat(session_id, patient_id), "is_held": False}
        return reader.find_one(SEATS, given_back, fields=("_id",)) is not None

    def ahead(self, session_id: str, patient_id: str, scopes: Collection[str] = ()) -> list[Ahead]:
        """What `is_seated` will read, and with the scopes of a consent `is_barred`."""
        bars = [Ahead(CONSENT_BARS, _scoped(patient_id, scopes))] if scopes else []
        return [Ahead(SEATS, _seat(session_id, patient_id)), *bars]

    def are_seated(
        self, reader: Reader, sessions: Sequence[Session], patient_ids: Collection[str]
    ) -> set[tuple[str, str]]:
        """The same for many: session and patient of each who is."""
        wanted = {
            "session_id": {"$in": sorted(each.id for each in sessions)},
            "patient_id": {"$in": sorted(patient_ids)},
            "is_held": True,
        }
        held = reader.find(SEATS, wanted, fields=("session_id", "patient_id"))
        booked = {(each.id, id) for each in sessions for id in each.schedule.patient_ids}
        return booked | {(each["session_id"], each["patient_id"]) for each in held}

    def have_bars(
        self, reader: Reader, patient_ids: Collection[str], scopes: Collection[str]
    ) -> set[str]:
        """Which of these patients ever took one of these consents back, given again or not."""
        wanted = {
            "patient_id": {"$in": sorted(patient_ids)},
            "scope": {"$in": sorted(scopes)},
        }
        found = reader.find(CONSENT_BARS, wanted, fields=("patient_id",))
        return {each["patient_id"] for each in found}

    def seats(self, reader: Reader, session: Session) -> tuple[Seat, ...]:
        """Everyone with a seat, in the order of their ids, with their aliases."""
        held = reader.find(SEATS, {"session_id": session.id, "is_held": True})
        patient_ids = session.schedule.patient_ids | {each["patient_id"] for each in held}
        mine = {"group_id": session.schedule.group_id, "patient_id": {"$in": sorted(patient_ids)}}
        names = {each["patient_id"]: each["alias"] for each in reader.find(ALIASES, mine)}
        return tuple(Seat(each, names.get(each, "")) for each in sorted(patient_ids))

    def alias(self, reader: Reader, patient_id: str, group_id: str) -> str:
        """The patient's name for the group; empty while it is on its way."""
        found = reader.find_one(ALIASES, {"patient_id": patient_id, "group_id": group_id})
        return "" if found is None else str(found["alias"])

    def is_known(self, reader: Reader, patient_id: str) -> bool:
        """True for a patient of whom intake has told anything that is kept here."""
        mine = {"patient_id": patient_id}
        return any(
            reader.find_one(each, mine, fields=("_id",)) is not None
            for each in (ALIASES, CONSENTS, CONSENT_BARS)
        )

    def is_barred(self, reader: Reader, patient_id: str, scopes: Collection[str]) -> bool:
        """True where one of these consents was taken back and not surely given again since."""
        mine = _scoped(patient_id, scopes)
        if not (bars := reader.find(CONSENT_BARS, mine)):
            return False
        consents = reader.find(CONSENTS, mine)
        given = {each["scope"]: int(each["aggregate_version"]) for each in consents}
        return any(
            is_barring(lost=int(bar["aggregate_version"]), given=given.get(bar["scope"], 0))
            for bar in bars
        )

    def is_given(self, reader: Reader, patient_id: str, scope: str) -> bool:
        """True where this consent was signed and not taken back since."""
        mine = {"patient_id": patient_id, "scope": scope}
        if reader.find_one(CONSENTS, mine) is None:
            return False
        return not self.is_barred(reader, patient_id, [scope])


def _seat(session_id: str, patient_id: str) -> dict[str, Any]:
    return {"session_id": session_id, "patient_id": patient_id, "is_held": True}


def _scoped(patient_id: str, scopes: Collection[str]) -> dict[str, Any]:
    return {"patient_id": patient_id, "scope": {"$in": sorted(scopes)}}
