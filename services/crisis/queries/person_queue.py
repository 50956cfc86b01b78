"""Who waits for a person, and what they may expect."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.commands import ListPage
from services.crisis.domain.person_request import PersonRequest, Standing, standing_of
from services.crisis.ports import PolicyOf
from services.crisis.ports.aftercare import PersonQueueBook


class PersonQueueQueries:
    """The queue as patients and clinicians see it."""

    def __init__(self, store: Store, *, book: PersonQueueBook, policy_of: PolicyOf) -> None:
        self._store = store
        self._book = book
        self._policy_of = policy_of

    def get(self, call: Call, patient_id: str) -> Standing:
        """The patient's latest request; NotFound where there has been none."""
        call.require_self(patient_id)

        def look(reader: Reader) -> Standing:
            if (request := self._book.latest_of(reader, patient_id)) is None:
                raise NotFound("NOT_FOUND", "no such resource")
            return self._standing(reader, request)

        return self._store.read(call, look)

    def page(self, call: Call, asked: ListPage) -> Page[Standing]:
        """Everyone who waits, the longest first."""

        def look(reader: Reader) -> Page[Standing]:
            page = self._book.page(reader, asked)
            items = [self._standing(reader, each) for each in page.items]
            return Page(items, page.next_page_token)

        return self._store.read(call, look)

    def _standing(self, reader: Reader, request: PersonRequest) -> Standing:
        policy = self._policy_of(reader.call.tenant_id)
        traffic = self._book.traffic(reader, request, talks=policy.queue.talks_counted)
        return standing_of(request, traffic, policy.queue, policy.call_number)
