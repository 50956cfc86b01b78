"""What must still happen, for whom, by whom and until when."""

from __future__ import annotations

from datetime import datetime

from chassis.call import Call, system_call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.aftercare_commands import ListFollowUps
from services.crisis.domain.follow_up import FollowUp, Kind
from services.crisis.ports import Copies
from services.crisis.ports.aftercare import FollowUpBook


class FollowUpQueries:
    """Follow-ups as clinicians see them."""

    def __init__(self, store: Store, *, book: FollowUpBook, copies: Copies) -> None:
        self._store = store
        self._book = book
        self._copies = copies

    def get(self, call: Call, follow_up_id: str) -> FollowUp:
        """One follow-up."""
        return self._store.read(call, lambda reader: self._book.load(reader, follow_up_id))

    def page(self, call: Call, asked: ListFollowUps) -> Page[FollowUp]:
        """A part of a list; NotFound for a patient of whom nothing is known here."""

        def look(reader: Reader) -> Page[FollowUp]:
            page = self._book.page(reader, asked)
            patient_id = asked.patient_id
            if patient_id and not page.items and not self._copies.knows(reader, patient_id):
                raise NotFound("NOT_FOUND", "no such resource")
            return page

        return self._store.read(call, look)

    def overdue(self, tenant_id: str) -> list[Kind]:
        """For metrics: the kind of each missed follow-up. Nobody's chart is read."""
        call = system_call(tenant_id, service="crisis", action="")
        return self._store.read(call, self._book.overdue)

    def oldest_held(self, tenant_id: str) -> list[datetime]:
        """For metrics: since when somebody whom a group could not take waits for a contact of their
        own, the one who waits longest; empty where nobody does."""
        call = system_call(tenant_id, service="crisis", action="")
        oldest = self._store.read(
            call, lambda reader: self._book.oldest_open(reader, Kind.INDIVIDUAL_CONTACT)
        )
        return [] if oldest is None else [oldest]
