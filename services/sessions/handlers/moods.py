"""How patients say they are: asked of the whole room, told to its staff alone.

A mood is on the patient's record: one audit row each.
"""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import Counter

from chassis.call import Call
from chassis.errors import PermissionDenied
from chassis.ids import derived_id
from chassis.store import Store, Tx
from clinical.risk import Severity
from services.sessions.domain.commands import GiveMood, InRoom
from services.sessions.domain.log import PrivateEvent, RoomEventKind, of_room
from services.sessions.domain.mood import MoodCheckIn, concerns_of, readable
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.handlers.standing import key_of, place_of, quiet, tell_staff
from services.sessions.ports import Policies, Records

AUDIT_ACTION = "mood.give"
CALM = "none"

moods = Counter("haven_sessions_moods", "Moods given, by how much they worry.", ["severity"])
for _severity in (CALM, *(each.name.lower() for each in Severity)):
    moods.labels(_severity)


class Moods:
    """One effect per mood, however often its frame comes."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def ask(self, call: Call, command: InRoom) -> int:
        """Ask everybody in the room; the number of the event."""

        def act(tx: Tx) -> int:
            place, session = place_of(self._records, tx, command.session_id)
            session.require_open()
            session.require_facilitator(place.person_id)
            event = of_room(RoomEventKind.MOOD_ASKED, tx.now)
            return self._records.room_log.append(tx, session.id, event)

        return self._store.transact(quiet(call), act)

    def give(self, call: Call, command: GiveMood) -> MoodCheckIn:
        """Keep it and tell staff of the room, at its door as well; and crisis where the program
        says so. No number is refused: what cannot be read worries most."""
        key, act = key_of(call), replace(call, action=AUDIT_ACTION)
        mood = self._store.transact(act, lambda tx: self._give(tx, command, key))
        moods.labels(mood.severity.name.lower() if mood.severity else CALM).inc()
        return mood

    def _give(self, tx: Tx, command: GiveMood, key: str) -> MoodCheckIn:
        place, session = place_of(self._records, tx, command.session_id)
        if place.role is not Role.PATIENT:
            raise PermissionDenied("PATIENTS_ONLY", "only patients are asked how they are")
        mood = self._mood(tx, command, place, key)
        self._raise(tx, mood)
        self._records.moods.put(tx, mood)
        self._tell(tx, session, mood)
        return mood

    def _mood(self, tx: Tx, command: GiveMood, place: Participant, key: str) -> MoodCheckIn:
        policy, patient_id = self._policies(tx.call.tenant_id), place.person_id
        value = readable(command.value)
        theirs = {"session_id": place.session_id, "patient_id": patient_id}
        earlier = [each.value for each in self._records.moods.find(tx, theirs)]
        return MoodCheckIn(
            id=derived_id("mood", tx.call.tenant_id, place.session_id, patient_id, key),
            session_id=place.session_id,
            patient_id=patient_id,
            value=value,
            ask_number=command.ask_number,
            concerns=concerns_of(value, earlier, policy),
            give_time=tx.now,
        )

    def _raise(self, tx: Tx, mood: MoodCheckIn) -> None:
        severity = mood.severity
        if severity is not None and mood.is_for_crisis(self._policies(tx.call.tenant_id)):
            location = self._records.locations.newest(tx, mood.patient_id)
            mood.tell(severity, location.told() if location else None)

    def _tell(self, tx: Tx, session: Session, mood: MoodCheckIn) -> None:
        alias = self._records.copies.alias(tx, mood.patient_id, session.schedule.group_id)
        tell_staff(self._records, tx, session, PrivateEvent(mood, tx.now, alias))
