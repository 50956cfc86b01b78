"""How the queue of people who ask for a person is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.store import Document, Index, Page, Reader, Repository, Store, Tx, due_index
from services.crisis.codec import messages
from services.crisis.domain.commands import ListPage
from services.crisis.domain.person_request import PersonRequest, State, Traffic

PERSON_REQUESTS = "person_requests"
WAITING = {"state": State.WAITING.value}
TALKING = {"state": State.TAKEN.value}
PLAIN = (
    "patient_id", "request_time", "act_time", "is_past_bound", "taken_by", "take_time", "end_time",
    "is_lapsed",
)  # fmt: skip

INDEXES: tuple[Index, ...] = (
    # One place in the queue for each patient.
    Index(
        PERSON_REQUESTS,
        [("tenant_id", 1), ("patient_id", 1)],
        unique=True,
        partial=WAITING,
    ),
    Index(
        PERSON_REQUESTS,
        [("tenant_id", 1), ("request_time", 1), ("_id", 1)],
        partial=WAITING,
        label="waiting",
    ),
    Index(PERSON_REQUESTS, [("tenant_id", 1), ("patient_id", 1), ("request_time", -1)]),
    Index(PERSON_REQUESTS, [("tenant_id", 1), ("state", 1), ("is_lapsed", 1), ("end_time", -1)]),
    due_index(PERSON_REQUESTS, "act_time"),
)


class MongoPersonQueue:
    """Requests in the order in which they were made."""

    def __init__(self, store: Store) -> None:
        self._requests: Repository[PersonRequest] = Repository(
            store,
            PERSON_REQUESTS,
            to_document=_document,
            from_document=_from,
            to_messages=messages.message_of,
        )

    def load(self, reader: Reader, id: str) -> PersonRequest:
        """The request; NotFound where the tenant has none."""
        return self._requests.load(reader, id)

    def latest_of(self, reader: Reader, patient_id: str) -> PersonRequest | None:
        """What the patient asked for last."""
        mine = {"patient_id": patient_id}
        return _met(reader, reader.find_one(PERSON_REQUESTS, mine, sort=[("request_time", -1)]))

    def first(self, reader: Reader) -> PersonRequest | None:
        """Whoever has waited longest."""
        order = [("request_time", 1), ("_id", 1)]
        return _met(reader, reader.find_one(PERSON_REQUESTS, WAITING, sort=order))

    def traffic(self, reader: Reader, request: PersonRequest, *, talks: int) -> Traffic:
        """The queue as seen from a request, with so many of the last talks."""
        earlier = [
            {"request_time": {"$lt": request.request_time}},
            {"request_time": request.request_time, "_id": {"$lt": request.id}},
        ]
        before = reader.find(PERSON_REQUESTS, {**WAITING, "$or": earlier}, fields=("state",))
        under_way = reader.find(PERSON_REQUESTS, TALKING, fields=("state",))
        return Traffic(len(before), self._talks(reader, talks), len(under_way))

    def page(self, reader: Reader, asked: ListPage) -> Page[PersonRequest]:
        """Everyone who waits, the longest first."""
        found = reader.page(
            PERSON_REQUESTS,
            WAITING,
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="request_time",
        )
        for document in found.items:
            reader.touch(document["patient_id"], document["_id"])
        return Page([_from(each) for each in found.items], found.next_page_token)

    def insert(self, tx: Tx, request: PersonRequest) -> PersonRequest:
        """Keep a new one; AlreadyExists where the patient waits already."""
        return self._requests.insert(tx, request)

    def save(self, tx: Tx, request: PersonRequest) -> PersonRequest:
        """Keep what happened to one."""
        return self._requests.save(tx, request)

    def _talks(self, reader: Reader, limit: int) -> tuple[timedelta, ...]:
        found = reader.find(
            PERSON_REQUESTS,
            {"state": State.FINISHED.value, "is_lapsed": False},
            sort=[("end_time", -1)],
            limit=limit,
            fields=("take_time", "end_time"),
        )
        return tuple(each["end_time"] - each["take_time"] for each in found)


def _met(reader: Reader, document: Document | None) -> PersonRequest | None:
    if document is None:
        return None
    reader.touch(document["patient_id"], document["_id"])
    return _from(document)


def _document(request: PersonRequest) -> Document:
    values: dict[str, Any] = {name: getattr(request, name) for name in PLAIN}
    return {**values, "state": request.state.value}


def _from(document: Document) -> PersonRequest:
    values = {name: document[name] for name in PLAIN}
    return PersonRequest(
        **values, id=document["_id"], state=State(document["state"]), version=document["version"]
    )
