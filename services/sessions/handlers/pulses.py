"""Heartbeats of many people at once: as many statements for all of them as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chassis.call import Call
from chassis.errors import HavenError, is_retryable
from chassis.store import Store, Tx
from services.sessions.domain.commands import Connected
from services.sessions.domain.door import BARRING_SCOPES
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import STAFF_ROLES, Role
from services.sessions.domain.session import Session
from services.sessions.handlers.standing import quiet
from services.sessions.ports import Policies, Records


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Somebody who is still here, by their connection."""

    call: Call
    command: Connected


class Pulses:
    """What an everyday heartbeat does; `Presences.beat` does everything else."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def beat_all(self, beats: Sequence[Heartbeat]) -> list[bool]:
        """Which of them are stored; the others are each to be looked at by `Presences.beat`: who
        may not be here any more, comes back, finds a held room, or has a place of another kind.

        One transaction for each tenant. Raises for all of them where the database is away; what
        else goes wrong, in the place of one of them say, leaves each for itself.
        """
        outcomes = [False] * len(beats)
        tenants: defaultdict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(beats):
            tenants[each.call.tenant_id].append(place)
        for places in tenants.values():
            mine = [beats[place] for place in places]
            first = min((each.call for each in mine), key=lambda call: call.deadline.remaining())
            stored = self._try_together(first, mine)
            for place, is_stored in zip(places, stored, strict=True):
                outcomes[place] = is_stored
        return outcomes

    def _try_together(self, first: Call, beats: Sequence[Heartbeat]) -> list[bool]:
        try:
            return self._store.transact(quiet(first), partial(self._beat_together, beats=beats))
        except Exception as error:  # whatever it is: only where the database is away is it for all
            if isinstance(error, HavenError) and is_retryable(error):
                raise
            return [False for _ in beats]

    def _beat_together(self, tx: Tx, beats: Sequence[Heartbeat]) -> list[bool]:
        keys = [(each.command.session_id, each.call.actor.subject) for each in beats]
        places = self._records.participants.those(tx, keys)
        rooms = {"_id": {"$in": sorted({session_id for session_id, _ in keys})}}
        sessions = {each.id: each for each in self._records.sessions.find(tx, rooms)}
        standing = self._standing(tx, list(sessions.values()), list(places.values()))
        heard: dict[str, Participant] = {}
        outcomes = []
        for key, beat in zip(keys, beats, strict=True):
            place, session = places.get(key), sessions.get(key[0])
            is_stored = (
                place is not None
                and session is not None
                and place.id in standing
                and _is_everyday(place, session, beat.command)
            )
            if is_stored and place is not None and session is not None:
                self._beat(tx, place, session, beat.command)
                heard[place.id] = place
            outcomes.append(is_stored)
        self._records.participants.put_all(tx, list(heard.values()))
        return outcomes

    def _standing(
        self, tx: Tx, sessions: Sequence[Session], places: Sequence[Participant]
    ) -> set[str]:
        """The places of staff, and of patients who have a seat and never took a consent back."""
        patients = [each for each in places if each.role is Role.PATIENT]
        ids = {each.person_id for each in patients}
        seated = self._records.copies.are_seated(tx, sessions, ids)
        barred = self._records.copies.have_bars(tx, ids, BARRING_SCOPES)
        staff = {each.id for each in places if each.role in STAFF_ROLES}
        return staff | {
            each.id
            for each in patients
            if (each.session_id, each.person_id) in seated and each.person_id not in barred
        }

    def _beat(self, tx: Tx, place: Participant, session: Session, command: Connected) -> None:
        policy = self._policies(tx.call.tenant_id)
        place.beat(command.connection_id, tx.now, policy)
        if place.is_record_due(tx.now, policy):
            place.record(session, tx.now, policy)


def _is_everyday(place: Participant, session: Session, command: Connected) -> bool:
    is_here = place.presence is not Presence.GONE and not session.is_over
    is_held = session.is_open and session.leading.is_held
    # It is for `Succession` to see that they wait and nobody leads.
    is_unseen = place.is_waiting and session.is_unled and session.leading.unled_time is None
    is_usual = is_here and not is_held and not is_unseen
    return is_usual and place.connection_id == command.connection_id
