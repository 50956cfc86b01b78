"""Tickets, and which of them were used: a use is a document of its own, and there is room for one
per ticket. So two uses at the same moment admit one, whatever either has read."""

from __future__ import annotations

from typing import Any

from chassis.store import Reader, Tx
from services.sessions.domain.ticket import JoinTicket

JOIN_TICKETS, JOIN_TICKET_USES = "join_tickets", "join_ticket_uses"


class TicketStore:
    """See ports.Tickets."""

    def known(self, reader: Reader, id: str) -> JoinTicket | None:
        """The ticket with this hash, used or not."""
        found = reader.find_one(JOIN_TICKETS, {"_id": id})
        if found is None:
            return None
        return JoinTicket(id, found["session_id"], found["person_id"], found["expire_time"])

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

    def forget_old(self, tx: Tx, session_id: str, person_id: str) -> int:
        """Those of one person whose time is over go; how many stay."""
        mine = {"session_id": session_id, "person_id": person_id}
        return self._forget(tx, mine)

    def forget(self, tx: Tx, session_id: str) -> None:
        """The session is over, and none of them opens anything."""
        self._forget(tx, {"session_id": session_id}, is_over=True)

    def _forget(self, tx: Tx, filter: dict[str, Any], *, is_over: bool = False) -> int:
        found = tx.find(JOIN_TICKETS, filter, fields=("expire_time",))
        old = [each["_id"] for each in found if is_over or each["expire_time"] <= tx.now]
        for id in old:
            tx.delete(JOIN_TICKETS, id)
            tx.delete(JOIN_TICKET_USES, id)
        return len(found) - len(old)
