"""The use cases around the question whether people may be written to, over their shelves."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.store import Store
from services.notify.handlers.answering import Answering
from services.notify.handlers.gate import Gate
from services.notify.handlers.inbound import Inbound
from services.notify.handlers.page_answers import PageAnswers
from services.notify.handlers.posting import Posting
from services.notify.handlers.reminding import Reminding
from services.notify.handlers.verifying import Verifying
from services.notify.handlers.wishing import Wishing
from services.notify.ports import Cipher, ContactBook, MessageBook, PolicyOf
from services.notify.ports.consent import Shelves


@dataclass(frozen=True)
class Consent:
    """The use cases, and the gate that every message passes."""

    gate: Gate
    wishing: Wishing
    verifying: Verifying
    inbound: Inbound
    reminding: Reminding

    @classmethod
    def over(  # noqa: PLR0913  # what it stands on
        cls,
        store: Store,
        shelves: Shelves,
        *,
        contacts: ContactBook,
        book: MessageBook,
        cipher: Cipher,
        policy_of: PolicyOf,
        page_answers: PageAnswers,
    ) -> Consent:
        """The use cases over a store and what is kept there."""
        posting = Posting(store, book=book, enclosures=shelves.enclosures)
        answering = Answering(posting=posting, cipher=cipher, policy_of=policy_of)
        return cls(
            gate=Gate(shelves, contacts=contacts, policy_of=policy_of),
            wishing=Wishing(store, shelves),
            verifying=Verifying(store, shelves, contacts=contacts, cipher=cipher, posting=posting),
            inbound=Inbound(
                store, shelves, cipher=cipher, answering=answering, page_answers=page_answers
            ),
            reminding=Reminding(
                store, calendar=shelves.calendar, book=book, posting=posting, policy_of=policy_of
            ),
        )
