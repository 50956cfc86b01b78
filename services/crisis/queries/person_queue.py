"""Who waits for a person, and what they may expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.commands import ListPage
from services.crisis.domain.person_request import PersonRequest, Standing, standing_of
from services.crisis.ports import OnDutyNow, PolicyOf
from services.crisis.ports.aftercare import PersonQueueBook


class PersonQueueQueries:
    """The queue as patients and clinicians see it."""

    def __init__(
        self, store: Store, *, book: PersonQueueBook, on_duty: OnDutyNow, policy_of: PolicyOf
    ) -> None:
        self._store = store
        self._book = book
        self._on_duty = on_duty
        self._policy_of = policy_of

    def get(self, call: Call, patient_id: str) -> Standing:
        """The patient's latest request; NotFound where there has been none."""
        call.require_self(patient_id)

        def look(reader: Reader) -> Standing:
            if (request := self._book.latest_of(reader, patient_id)) is None:
                raise NotFound("NOT_FOUND", "no such resource")
            return self._standings(reader, [request])[0]

        return self._store.read(call, look)

    def page(self, call: Call, asked: ListPage) -> Page[Standing]:
        """Everyone who waits, the longest first."""

        def look(reader: Reader) -> Page[Standing]:
            page = self._book.page(reader, asked)
            return Page(self._standings(reader, page.items), page.next_page_token)

        return self._store.read(call, look)

    def _standings(self, reader: Reader, requests: Sequence[PersonRequest]) -> list[Standing]:
        policy = self._policy_of(reader.call.tenant_id)
        is_staffed = self._on_duty(reader).is_staffed
        found: list[Standing] = []
        for each in requests:
            traffic = self._book.traffic(reader, each, talks=policy.queue.talks_counted)
            traffic = replace(traffic, is_staffed=is_staffed)
            found.append(standing_of(each, traffic, policy.queue, policy.call_number))
        return found
