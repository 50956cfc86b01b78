"""Hands and reactions: what everybody in a room sees, without a word.

They add no audit rows: the room's numbered log is itself the record.
"""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Store, Tx
from services.sessions.domain.commands import InRoom, LowerHand, React
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Right
from services.sessions.domain.session import Session
from services.sessions.handlers.standing import place_of, quiet
from services.sessions.ports import Records

NOTHING = 0  # the number of what is not in the room


class Gestures:
    """Each is in the room once, however often its frame comes."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records

    def raise_hand(self, call: Call, command: InRoom) -> int:
        """The number of the event that raised it; of one that is up already, the earlier one."""
        return self._store.transact(quiet(call), lambda tx: self._raise(tx, command))

    def lower_hand(self, call: Call, command: LowerHand) -> int:
        """The own one, or as the facilitator another's; 0 where it is down already."""
        return self._store.transact(quiet(call), lambda tx: self._lower(tx, command))

    def react(self, call: Call, command: React) -> int:
        """Show the room a sign; its number."""

        def act(tx: Tx) -> int:
            place, session = place_of(self._records, tx, command.session_id)
            session.require_open()
            place.require_voice(Right.REACT)
            event = of_participant(RoomEventKind.REACTED, place, tx.now)
            event = replace(event, reaction=command.reaction)
            return self._records.room_log.append(tx, session.id, event)

        return self._store.transact(quiet(call), act)

    def _raise(self, tx: Tx, command: InRoom) -> int:
        place, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        place.require_voice(Right.RAISE_HAND)
        if not place.hand_number:
            event = of_participant(RoomEventKind.HAND_RAISED, place, tx.now)
            place.hand_number = self._records.room_log.append(tx, session.id, event)
            self._records.participants.put(tx, place)
        return place.hand_number

    def _lower(self, tx: Tx, command: LowerHand) -> int:
        own, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        own.require_inside()
        place = self._named(tx, session, own, command.alias)
        if not place.hand_number:
            return NOTHING
        place.hand_number = NOTHING
        self._records.participants.put(tx, place)
        event = of_participant(RoomEventKind.HAND_LOWERED, place, tx.now)
        event = replace(event, is_by_facilitator=place.id != own.id)
        return self._records.room_log.append(tx, session.id, event)

    def _named(self, tx: Tx, session: Session, own: Participant, alias: str) -> Participant:
        """Whoever has that name; of several, one whose hand is up."""
        if alias in {"", own.alias}:
            return own
        session.require_facilitator(own.person_id)
        everybody = self._records.participants.in_session(tx, session.id)
        named = [each for each in everybody if each.alias == alias]
        if not named:
            raise NotFound("NOT_FOUND", "nobody here has that name")
        return max(named, key=lambda each: each.hand_number)
