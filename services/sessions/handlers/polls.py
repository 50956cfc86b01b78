"""Questions to a room. Votes are told as counts alone; at the end who voted what is forgotten.

They add no audit rows: the room's numbered log is itself the record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chassis.call import Call
from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.ids import derived_id
from chassis.store import Ahead, Store, Tx
from services.sessions.domain.commands import ClosePoll, OpenPoll, Vote
from services.sessions.domain.log import PrivateEvent, RoomEventKind, of_room
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.poll import Poll
from services.sessions.domain.roles import Right, may
from services.sessions.domain.session import Session
from services.sessions.handlers.standing import key_of, place_of, quiet, tell_staff
from services.sessions.ports import Policies, Records


class Polls:
    """One open poll per room; one vote per patient, changeable while it is open."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def open(self, call: Call, command: OpenPoll) -> int:
        """Ask the room; the number of the event."""
        key = key_of(call)
        return self._store.transact(quiet(call), lambda tx: self._open(tx, command, key))

    def vote(self, call: Call, command: Vote) -> None:
        """Take a patient's vote, and tell staff the counts where it changed them."""
        self._store.transact(quiet(call), lambda tx: self._vote(tx, command))

    def close(self, call: Call, command: ClosePoll) -> int:
        """Tell the room what may be told; the number of the event."""

        def act(tx: Tx) -> int:
            place, session = place_of(self._records, tx, command.session_id)
            session.require_open()
            session.require_facilitator(place.person_id)
            poll = self._poll(tx, session, command.poll_id)
            return closed(self._records, tx, poll, self._policies(tx.call.tenant_id))

        return self._store.transact(quiet(call), act)

    def _open(self, tx: Tx, command: OpenPoll, key: str) -> int:
        policy = self._policies(tx.call.tenant_id)
        place, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        session.require_facilitator(place.person_id)
        command.question.require_askable(policy)
        if open_poll(self._records, tx, session) is not None:
            raise FailedPrecondition("POLL_OPEN_ALREADY", "close the poll that is open first")
        id = derived_id("poll", tx.call.tenant_id, session.id, place.person_id, key)
        poll = self._records.polls.put(tx, Poll(id, session.id, command.question, tx.now))
        event = of_room(RoomEventKind.POLL_OPENED, tx.now)
        event = replace(event, poll=poll.view(policy))
        return self._records.room_log.append(tx, session.id, event)

    def _vote(self, tx: Tx, command: Vote) -> None:
        place, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        place.require_inside()
        if not may(place.role, Right.VOTE):
            raise PermissionDenied("PATIENTS_ONLY", "only patients vote")
        poll = self._poll(tx, session, command.poll_id)
        if poll.vote(place.person_id, command.option):
            self._records.polls.put(tx, poll)
            tell_staff(self._records, tx, session, PrivateEvent(poll.tally, tx.now))

    def _poll(self, tx: Tx, session: Session, poll_id: str) -> Poll:
        poll = self._records.polls.peek(tx, poll_id)
        if poll is None or poll.session_id != session.id:
            raise NotFound("NOT_FOUND", "no such poll in this room")
        return poll


def open_poll(records: Records, tx: Tx, session: Session) -> Poll | None:
    """The one that takes votes, if there is one."""
    found = records.polls.find(tx, _open_in(session.id))
    return found[0] if found else None


def ahead_of_poll(records: Records, session_id: str) -> list[Ahead]:
    """What `open_poll` will read."""
    return records.polls.ahead_of(_open_in(session_id))


def closed(records: Records, tx: Tx, poll: Poll, policy: SessionsPolicy) -> int:
    """Count, forget who, and tell the room; the number of the event."""
    poll.close(tx.now)
    records.polls.put(tx, poll)
    event = replace(of_room(RoomEventKind.POLL_CLOSED, tx.now), poll=poll.view(policy))
    return records.room_log.append(tx, poll.session_id, event)


def _open_in(session_id: str) -> dict[str, Any]:
    return {"session_id": session_id, "is_open": True}
