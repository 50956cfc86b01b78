"""Tickets: made for one admission, and used up by it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from chassis.call import Call, RequestOnce, Role
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    HavenError,
    NotFound,
    ResourceExhausted,
)
from chassis.store import Ahead, Store, Tx
from services.sessions.domain.commands import Enter, Lead
from services.sessions.domain.door import require_not_over, require_seat
from services.sessions.domain.participant import Participant
from services.sessions.domain.ticket import MOST_TICKETS, JoinTicket, hash_of
from services.sessions.domain.views import TicketView
from services.sessions.handlers.refusals import Refusals
from services.sessions.handlers.standing import was_expected
from services.sessions.ports import Policies, Records, Signer

STAFF = frozenset({Role.CLINICIAN, Role.SUPERVISOR})
SECRET_BYTES = 32
COMPANY = "join-tickets"  # before many groups begin at once, many ask for one


class Tickets:
    """Hands them out. The secret is a signature of who asked for what, so the same request gives
    the same ticket and nothing that would open a door is kept for the answer."""

    def __init__(self, store: Store, records: Records, policies: Policies, *, key: Signer) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._key = key
        self._refusals = Refusals(store, records)

    def create(self, call: Call, command: Lead) -> TicketView:
        """A ticket for the caller; the caller's own again for the same request."""
        assert isinstance(call.once, RequestOnce), "a ticket has a request_id"
        said = (call.actor.subject, command.session_id, call.once.request_id)
        try:
            # A first answer would be kept with the ticket in it.
            return self._store.transact(
                replace(call, once=None, company=COMPANY),
                lambda tx: self._create(tx, command.session_id, said),
                ahead=self._ahead(call, command.session_id),
            )
        except HavenError as error:  # where tickets are required nobody comes as far as the door
            self._refusals.hear(call, command.session_id, error.reason)
            raise

    def _ahead(self, call: Call, session_id: str) -> list[Ahead]:
        records, person_id = self._records, call.actor.subject
        seats = [] if STAFF & call.actor.roles else records.copies.ahead(session_id, person_id)
        mine = records.tickets.ahead_of(session_id, person_id)
        return [*records.sessions.ahead(session_id), *mine, *seats]

    def _create(self, tx: Tx, session_id: str, said: tuple[str, str, str]) -> TicketView:
        self._require_expected(tx, session_id)
        secret = self._key.signer(tx)("\x1f".join(said).encode()).hex()
        tx.touch("" if STAFF & tx.call.actor.roles else said[0], session_id)
        mine = self._records.tickets.of(tx, session_id, said[0])
        known = next((each for each in mine if each.id == hash_of(secret)), None)
        if known is None:
            old = [each for each in mine if each.expire_time <= tx.now]
            if len(mine) - len(old) >= MOST_TICKETS:
                raise ResourceExhausted("TICKETS_TOO_MANY", "use the ones that you have")
            self._records.tickets.remove(tx, old)
            lasts = timedelta(seconds=self._policies(tx.call.tenant_id).join_ticket_seconds)
            known = JoinTicket(hash_of(secret), session_id, said[0], tx.now + lasts)
            self._records.tickets.add(tx, known)
        return TicketView(secret, known.expire_time)

    def _require_expected(self, tx: Tx, session_id: str) -> None:
        """Who leads a room is looked at by the door; for others without a place it is none."""
        session = self._records.sessions.peek(tx, session_id)
        if session is None:
            raise NotFound("NOT_FOUND", "no such session")
        person_id, is_staff = tx.call.actor.subject, bool(STAFF & tx.call.actor.roles)
        if not is_staff and session.house.grant_of(person_id) is None:
            is_seated = self._records.copies.is_seated(tx, session, person_id)
            was_here = not is_seated and was_expected(self._records, tx, session, person_id)
            require_seat(session, is_seated=is_seated, was_expected=was_here)
        require_not_over(session)


class Credentials:
    """What a hello must bring; looked at inside the transaction that lets somebody in."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies

    def redeem(self, tx: Tx, command: Enter, place: Participant) -> str:
        """The resume token for the next hello; empty where the connection has one. A ticket is
        used up with what this transaction does, or not at all."""
        if command.is_again:
            if place.is_shown_out:
                raise FailedPrecondition("SHOWN_OUT", "staff has shown them out")
            place.require_connection(command.connection_id)
            return ""
        if command.resume_token and self._resumes(tx, command, place):
            return command.resume_token
        if command.join_ticket:
            self._use(tx, command)
        elif self._policies(tx.call.tenant_id).is_ticket_required:
            raise FailedPrecondition("TICKET_REQUIRED", "get a ticket, then come again")
        token = secrets.token_urlsafe(SECRET_BYTES)
        place.door = replace(place.door, resume_hash=hash_of(token))
        return token

    def _resumes(self, tx: Tx, command: Enter, place: Participant) -> bool:
        """Raises where there is no ticket to fall back on."""
        try:
            place.door.require_resume(hash_of(command.resume_token), tx.now)
        except HavenError:
            if not command.join_ticket:
                raise
            return False
        return True

    def _use(self, tx: Tx, command: Enter) -> None:
        ticket = self._records.tickets.known(tx, hash_of(command.join_ticket))
        if ticket is None:
            raise FailedPrecondition("TICKET_UNKNOWN", "no such ticket: get another")
        ticket.require_good(command.session_id, tx.call.actor.subject, tx.now)
        try:
            self._records.tickets.use(tx, ticket)
        except AlreadyExists as error:
            raise FailedPrecondition("TICKET_USED", "it was used: get another") from error
