"""Tickets, and which of them were used: a use is a document of its own, and there is room for one
per ticket. So two uses at the same moment admit one, whatever either has read."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.store import Ahead, Document, Reader, Tx
from services.sessions.domain.ticket import JoinTicket

JOIN_TICKETS, JOIN_TICKET_USES = "join_tickets", "join_ticket_uses"


class TicketStore:
    """See ports.Tickets."""

    def known(self, reader: Reader, id: str) -> JoinTicket | None:
        """The ticket with this hash, used or not."""
        found = reader.find_one(JOIN_TICKETS, {"_id": id})
        return None if found is None else _ticket_from(found)

    def of(self, reader: Reader, session_id: str, person_id: str) -> list[JoinTicket]:
        """Those of one person for one session, used or not, over or not."""
        mine = _whose(session_id, person_id)
        return [_ticket_from(each) for each in reader.find(JOIN_TICKETS, mine)]

    def ahead(self, id: str) -> list[Ahead]:
        """What `known` will read."""
        return [Ahead(JOIN_TICKETS, {"_id": id})]

    def ahead_of(self, session_id: str, person_id: str) -> list[Ahead]:
        """What `of` will read."""
        return [Ahead(JOIN_TICKETS, _whose(session_id, person_id))]

    def add(self, tx: Tx, ticket: JoinTicket) -> None:
        """A new one."""
        tx.insert(
            JOIN_TICKETS,
            {
                "_id": ticket.id,
                "session_id": ticket.session_id,
                "person_id": ticket.person_id,
                "expire_time": ticket.expire_time,
            },
        )

    def use(self, tx: Tx, ticket: JoinTicket) -> None:
        """Once; AlreadyExists the second time, which ends the transaction."""
        tx.insert(JOIN_TICKET_USES, {"_id": ticket.id})

    def remove(self, tx: Tx, tickets: Iterable[JoinTicket]) -> None:
        """They open nothing any more, and nothing is left of them."""
        for each in tickets:
            tx.delete(JOIN_TICKETS, each.id)
            tx.delete(JOIN_TICKET_USES, each.id)

    def forget(self, tx: Tx, session_id: str) -> None:
        """The same with all of a session that is over."""
        found = tx.find(JOIN_TICKETS, {"session_id": session_id})
        self.remove(tx, [_ticket_from(each) for each in found])


def _whose(session_id: str, person_id: str) -> dict[str, str]:
    return {"session_id": session_id, "person_id": person_id}


def _ticket_from(document: Document) -> JoinTicket:
    return JoinTicket(
        document["_id"], document["session_id"], document["person_id"], document["expire_time"]
    )
