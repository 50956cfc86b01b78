"""What a self-drill of crisis left here goes when the drill does. Nothing else is ever removed."""

from __future__ import annotations

from chassis.call import Call
from chassis.store import Store, Tx
from services.notify.domain.commands import ForgetDrill
from services.notify.handlers.accepting import page_message_id
from services.notify.ports import Copies, LinkBook, MessageBook


class Forgetting:
    """Removes messages, their links and the copy of a case."""

    def __init__(self, store: Store, *, book: MessageBook, links: LinkBook, copies: Copies) -> None:
        self._store = store
        self._book, self._links, self._copies = book, links, copies

    def drill(self, call: Call, command: ForgetDrill) -> None:
        """Remove the pages of the drill's case that have ended, and what is known of the case."""

        def change(tx: Tx) -> None:
            for page_id in command.page_ids:
                message = self._book.find(tx, page_message_id(call.tenant_id, page_id))
                if message is None or message.page is None or not message.has_ended:
                    continue
                if message.page.case_id == command.case_id:
                    self._links.forget_of(tx, message.id)
                    self._book.forget(tx, message.id)
            self._copies.forget_case(tx, command.case_id)

        self._store.transact(call, change)
