"""Who leads a room, as time and people change it."""

from __future__ import annotations

from prometheus_client import Counter

from chassis.call import Call
from chassis.store import Store, Tx
from services.sessions.domain.succession import call_somebody
from services.sessions.handlers.standing import session_of
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

held = Counter("haven_sessions_rooms_held", "Rooms without a leader for which staff was called.")


class Leads:
    """What falls due around those who lead."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._succession = Succession(records, policies)

    def look(self, call: Call, participant_id: str) -> None:
        """Staff was not heard for a moment; where they led the room, somebody else must."""

        def act(tx: Tx) -> None:
            place = self._records.participants.by_id(tx, participant_id)
            session = session_of(self._records, tx, place.session_id)
            before = place.reach_time
            is_lost = place.slip_away(tx.now, self._policies(tx.call.tenant_id))
            if place.reach_time == before:
                return
            self._records.participants.put(tx, place)
            if is_lost:
                self._succession.lost(tx, place, session)

        self._store.transact(call, act)

    def call_somebody(self, call: Call, session_id: str) -> None:
        """People have been in a held room, or before it, for so long that staff is called."""

        def act(tx: Tx) -> bool:
            session = self._records.sessions.load(tx, session_id)
            places, before = self._records.participants.in_session(tx, session_id), session.leading
            policy = self._policies(tx.call.tenant_id)
            is_told = call_somebody(session, places, tx.now, policy)
            if session.leading != before:
                self._records.sessions.put(tx, session)
            return is_told

        if self._store.transact(call, act):
            held.inc()
