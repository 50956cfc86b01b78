"""What scheduling and intake say: sessions, seats, aliases, consents."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call, EventOnce
from chassis.store import Store, Tx
from services.sessions.domain.copies import AliasGiven, ConsentGiven, ConsentLost, SeatChange
from services.sessions.domain.log import RoomEventKind, of_room
from services.sessions.domain.session import FINAL, Schedule, Session, scheduled
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records


def version_of(call: Call) -> int:
    """The version of the publisher's aggregate that the event speaks of."""
    assert isinstance(call.once, EventOnce), "copies follow events only"
    return call.once.aggregate_version


def licensed(schedule: Schedule) -> dict[str, frozenset[str]]:
    """Where each who is booked to lead may treat."""
    return {**schedule.co_facilitators, schedule.facilitator_id: schedule.facilitator_states}


class Rosters:
    """Rooms exist before anybody comes; who may come is known whatever order events arrive in."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)
        self._succession = Succession(records, policies)

    def schedule(self, call: Call, schedule: Schedule) -> None:
        """A session exists, or changed."""
        self._store.transact(call, lambda tx: self._schedule(tx, schedule, version_of(call)))

    def change_seats(self, call: Call, change: SeatChange) -> None:
        """An enrollment gave or took seats."""

        def act(tx: Tx) -> None:
            self._records.copies.change_seats(tx, change, version_of(call))
            self._expect_more(tx, change)

        self._store.transact(call, act)

    def give_alias(self, call: Call, given: AliasGiven) -> None:
        """A patient has a name for a group."""
        copies, version = self._records.copies, version_of(call)
        self._store.transact(call, lambda tx: copies.give_alias(tx, given, version))

    def lose_consent(self, call: Call, lost: ConsentLost) -> None:
        """A patient took a consent back."""
        copies, version = self._records.copies, version_of(call)
        self._store.transact(call, lambda tx: copies.lose_consent(tx, lost, version))

    def give_consent(self, call: Call, given: ConsentGiven) -> None:
        """A patient signed a consent: what was lost before no longer bars."""
        copies, version = self._records.copies, version_of(call)
        self._store.transact(call, lambda tx: copies.give_consent(tx, given, version))

    def _schedule(self, tx: Tx, schedule: Schedule, version: int) -> None:
        policy = self._policies(tx.call.tenant_id)
        session = self._records.sessions.peek(tx, schedule.session_id)
        if session is None:
            self._records.sessions.put(tx, scheduled(schedule, version, policy))
            return
        if schedule.is_canceled and session.is_open:
            schedule = self._keep_everybody(tx, session, schedule)
        was_over, states = session.is_over, licensed(session.schedule)
        lead = self._records.participants.known(tx, session.id, session.lead_id)
        session.take(schedule, version, tx.now, policy)
        self._records.sessions.put(tx, session)
        if session.is_over and not was_over:
            ended = of_room(RoomEventKind.SESSION_ENDED, tx.now)
            self._records.room_log.append(tx, session.id, ended)
        if lead is not None and lead.is_present:
            self._succession.reconsider(tx, lead, session)
        if not session.is_over and licensed(session.schedule) != states:
            self._follow_licenses(tx, session)

    def _keep_everybody(self, tx: Tx, session: Session, schedule: Schedule) -> Schedule:
        """A cancellation takes all seats, and may be heard of after that: who has one, or has come,
        stays. Who comes in at this moment writes the room's log too: nobody is overlooked."""
        self._records.room_log.claim(tx, session.id)
        seated = {each.patient_id for each in self._records.copies.seats(tx, session)}
        party = self._records.participants.in_session(tx, session.id)
        came = {each.patient_id for each in party if each.patient_id and each.arrive_time}
        return replace(schedule, patient_ids=schedule.patient_ids | seated | came)

    def _follow_licenses(self, tx: Tx, session: Session) -> None:
        """A license ended, or came, while people are in the room and at its door. Who comes in at
        this moment writes the room's log too: one of both sees what the other has done."""
        if session.is_open:
            self._records.room_log.claim(tx, session.id)
        self._licensing.review(tx, session)
        party = self._records.participants.in_session(tx, session.id)
        self._lobby.recall_held(tx, party)

    def _expect_more(self, tx: Tx, change: SeatChange) -> None:
        """A seat given after a session's look for absences is looked after as well."""
        if not change.held:
            return
        looked_after = {
            "_id": {"$in": list(change.held)},
            "state": {"$nin": sorted(FINAL)},
            "absence_time": None,
        }
        for session in self._records.sessions.find(tx, looked_after):
            session.expect_more(tx.now, self._policies(tx.call.tenant_id))
            self._records.sessions.put(tx, session)
