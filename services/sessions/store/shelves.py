"""Aggregates in their collections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from chassis.ids import derived_id
from chassis.store import Aggregate, Ahead, Document, Page, Reader, Repository, Store, Tx
from services.sessions.codec import documents, events, places
from services.sessions.domain.location import Location, later_than
from services.sessions.domain.log import RoomEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import Right, Role, may
from services.sessions.ports import Log

PARTICIPANTS, LOCATIONS = "participants", "location_attestations"
LAST_LOCATIONS = "last_location_attestations"
A = TypeVar("A", bound=Aggregate)


class ShelfStore(Generic[A]):
    """Aggregates of one kind; see ports.Shelf.

    What is not `on_record` belongs to a room and to no patient, publishes nothing and, like the
    room's log, leaves no audit rows.
    """

    def __init__(
        self,
        store: Store,
        collection: str,
        *,
        to_document: Callable[[A], Document],
        from_document: Callable[[Document], A],
        on_record: bool = True,
    ) -> None:
        self._collection, self._from_document = collection, from_document
        self._to_document, self._on_record = to_document, on_record
        self._repository: Repository[A] = Repository(
            store,
            collection,
            to_document=to_document,
            from_document=from_document,
            to_messages=events.message_of,
        )

    def peek(self, reader: Reader, id: str) -> A | None:
        """The aggregate or None; leaves no audit row."""
        found = reader.find_one(self._collection, {"_id": id})
        return None if found is None else self._restored(found)

    def ahead(self, id: str) -> list[Ahead]:
        """What `peek` and `load` will read."""
        return [Ahead(self._collection, {"_id": id})]

    def ahead_of(self, filter: Mapping[str, Any]) -> list[Ahead]:
        """What `find` will read."""
        return [Ahead(self._collection, filter)]

    def find(self, reader: Reader, filter: Mapping[str, Any]) -> list[A]:
        """Those that match; leaves no audit row."""
        return [self._restored(each) for each in reader.find(self._collection, filter)]

    def load(self, reader: Reader, id: str) -> A:
        """The aggregate, for showing or changing; NotFound where it does not exist."""
        return self._repository.load(reader, id)

    def put(self, tx: Tx, aggregate: A) -> A:
        """Store it, new or changed, and publish what happened to it."""
        if not self._on_record:
            return self._put_aside(tx, aggregate)
        if aggregate.version == 0:
            return self._repository.insert(tx, aggregate)
        return self._repository.save(tx, aggregate)

    def forget(self, tx: Tx, id: str) -> None:
        """Remove it, if it is there."""
        tx.delete(self._collection, id)

    def _put_aside(self, tx: Tx, aggregate: A) -> A:
        document = self._to_document(aggregate)
        if aggregate.version == 0:
            stored = tx.insert(self._collection, document)
        else:
            stored = tx.replace(self._collection, document, version=aggregate.version)
        aggregate.version = stored["version"]
        return aggregate

    def _restored(self, document: Document) -> A:
        aggregate = self._from_document(document)
        aggregate.version = document["version"]
        return aggregate


class ParticipantStore:
    """Places in rooms; see ports.Participants."""

    def __init__(self, room_log: Log[RoomEvent]) -> None:
        self._room_log = room_log

    def known(self, reader: Reader, session_id: str, person_id: str) -> Participant | None:
        """The person's place in the session, if there is one."""
        found = reader.find_one(PARTICIPANTS, _whose(session_id, person_id))
        return None if found is None else places.participant_from(found)

    def those(
        self, reader: Reader, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Participant]:
        """The places that there are of these sessions and persons, in one stroke."""
        wanted = {"_id": {"$in": [_place_id(reader, *each) for each in keys]}}
        found = [places.participant_from(each) for each in reader.find(PARTICIPANTS, wanted)]
        return {(each.session_id, each.person_id): each for each in found}

    def place(self, tx: Tx, session_id: str, person_id: str, role: Role) -> Participant:
        """The person's place in the session, a new one where there is none."""
        known = self.known(tx, session_id, person_id)
        return known or self.new(tx, session_id, person_id, role)

    def new(self, tx: Tx, session_id: str, person_id: str, role: Role) -> Participant:
        """A place for somebody who is known to have none."""
        return Participant(_place_id(tx, session_id, person_id), session_id, person_id, role)

    def by_id(self, reader: Reader, id: str) -> Participant:
        """The place with this id; NotFound where it does not exist."""
        return places.participant_from(reader.get(PARTICIPANTS, id))

    def in_session(self, reader: Reader, session_id: str) -> list[Participant]:
        """All places in the session, those that came first before the others."""
        found = reader.find(PARTICIPANTS, _of(session_id))
        found.sort(key=lambda row: (row["create_time"], row["_id"]))
        return [places.participant_from(each) for each in found]

    def ahead(self, session_id: str) -> list[Ahead]:
        """What `in_session` will read."""
        return [Ahead(PARTICIPANTS, _of(session_id))]

    def ahead_of(self, session_id: str, person_id: str) -> list[Ahead]:
        """What `known` will read."""
        return [Ahead(PARTICIPANTS, _whose(session_id, person_id))]

    def near_rooms(self, reader: Reader, person_id: str) -> list[Participant]:
        """The person's places in rooms where they are now, or at whose door they wait."""
        near = {"$in": [Presence.WAITING.value, Presence.PRESENT.value]}
        found = reader.find(PARTICIPANTS, {"person_id": person_id, "presence": near})
        return [places.participant_from(each) for each in found]

    def page(
        self, reader: Reader, session_id: str, *, page_size: int, page_token: str
    ) -> Page[Participant]:
        """Patients of the session, on the telephone too, page by page."""
        counted = [role.value for role in Role if may(role, Right.COUNT)]
        filter = {"session_id": session_id, "role": {"$in": counted}}
        page = reader.page(PARTICIPANTS, filter, page_size=page_size, page_token=page_token)
        items = [places.participant_from(each) for each in page.items]
        return Page(items, page.next_page_token)

    def put(self, tx: Tx, participant: Participant) -> Participant:
        """Store the place, new or changed, and publish what happened to it."""
        self._claim_room(tx, participant)
        document = places.participant_document(participant)
        if participant.version == 0:
            stored = tx.insert(PARTICIPANTS, document)
        else:
            stored = tx.replace(PARTICIPANTS, document, version=participant.version)
        return _published(tx, participant, stored["version"])

    def put_all(self, tx: Tx, participants: Sequence[Participant]) -> None:
        """The same for changed places, in one stroke."""
        for each in participants:
            self._claim_room(tx, each)
        changed = [(places.participant_document(each), each.version) for each in participants]
        for each, stored in zip(participants, tx.replace_many(PARTICIPANTS, changed), strict=True):
            _published(tx, each, stored["version"])

    def _claim_room(self, tx: Tx, participant: Participant) -> None:
        """Nothing is said beside this by somebody whose voice it takes, or as who they were."""
        before, participant.voice_before = participant.voice_before, participant.voice
        if before not in (None, participant.voice):
            self._room_log.claim(tx, participant.session_id)


class LocationStore:
    """Attestations; see ports.Locations."""

    def __init__(self, store: Store) -> None:
        self._repository: Repository[Location] = Repository(
            store,
            LOCATIONS,
            to_document=documents.location_document,
            from_document=documents.location_from,
            to_messages=events.message_of,
        )

    def next_time(self, tx: Tx, patient_id: str) -> datetime:
        """When the patient's next attestation is. The last one's time is written here, so two that
        come together exclude each other."""
        head = {"_id": derived_id(LAST_LOCATIONS, tx.call.tenant_id, patient_id)}
        known = tx.find_one(LAST_LOCATIONS, head)
        if known is not None:
            at = later_than(known["attest_time"], tx.now)
            tx.replace(LAST_LOCATIONS, {**known, "attest_time": at}, version=known["version"])
            return at
        newest = self.newest(tx, patient_id)  # of a release that kept none
        at = later_than(newest.attest_time if newest else None, tx.now)
        tx.insert(LAST_LOCATIONS, {**head, "patient_id": patient_id, "attest_time": at})
        return at

    def add(self, tx: Tx, location: Location) -> Location:
        """Keep it and publish it."""
        return self._repository.insert(tx, location)

    def newest(self, reader: Reader, patient_id: str) -> Location | None:
        """The patient's newest one, for a decision that shows nobody the place."""
        newest = [("attest_time", -1), ("_id", -1)]
        found = reader.find_one(LOCATIONS, {"patient_id": patient_id}, sort=newest)
        return None if found is None else documents.location_from(found)


def _published(tx: Tx, participant: Participant, version: int) -> Participant:
    participant.version = version
    for event in participant.events:
        tx.emit(events.message_of(event), aggregate_id=participant.id, aggregate_version=version)
    participant.events.clear()
    return participant


def _of(session_id: str) -> dict[str, str]:
    return {"session_id": session_id}


def _whose(session_id: str, person_id: str) -> dict[str, str]:
    return {"session_id": session_id, "person_id": person_id}


def _place_id(reader: Reader, session_id: str, person_id: str) -> str:
    return derived_id("participant", reader.call.tenant_id, session_id, person_id)
