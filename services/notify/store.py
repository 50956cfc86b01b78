"""How notify keeps its messages, contact points and copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from chassis.ids import derived_id
from chassis.store import Ahead, Document, Index, Page, Reader, Repository, Store, Tx, due_index
from services.notify import shelves
from services.notify.codec import documents, events
from services.notify.domain.answer import ANSWERABLE
from services.notify.domain.census import Census
from services.notify.domain.commands import GiveConsent, KeepCase, ListPage, RevokeConsent
from services.notify.domain.contact import ContactPoint, PatientContact, is_unwilling
from services.notify.domain.message import ENDED, Channel, Message, MessageClass, State

MESSAGES, CONTACT_POINTS = "messages", "contact_points"
PATIENT_CONTACTS, CASES = "patient_contacts", "cases"
REVOCATIONS, CONSENTS = "revocations", "consents"
# Where the release before this one kept the due time of everything but pages. Nothing is written
# there any more; what is under way there is sent, and goes on in its class's field.
EARLIER_DUE = "other_attempt_time"

INDEXES: tuple[Index, ...] = (
    # At most one message per page.
    Index(MESSAGES, [("tenant_id", 1), ("page_id", 1)], unique=True, partial={"is_page": True}),
    Index(MESSAGES, [("tenant_id", 1), ("recipient_id", 1), ("create_time", -1), ("_id", -1)]),
    *(due_index(MESSAGES, field) for field in (*documents.DUE_FIELDS.values(), EARLIER_DUE)),
    # The census, and what is parked.
    Index(MESSAGES, [("tenant_id", 1), ("create_time", 1)]),
    Index(MESSAGES, [("tenant_id", 1), ("message_class", 1), ("state", 1), ("create_time", 1)]),
    # What the census looks for and must never find.
    Index(MESSAGES, [("tenant_id", 1), ("state", 1), ("next_attempt_time", 1)]),
    # What a provider calls a message.
    Index(MESSAGES, [("tenant_id", 1), ("references", 1)]),
    # The pages that somebody can answer now.
    Index(
        MESSAGES,
        [("tenant_id", 1), ("recipient_id", 1), ("expire_time", 1)],
        partial={"is_page": True},
    ),
    Index(
        CONTACT_POINTS,
        [("tenant_id", 1), ("recipient_id", 1), ("channel", 1)],
        unique=True,
    ),
    *shelves.INDEXES,
)
MOST_PAGES = 20
# What a scrape costs must not grow with the years.
CENSUS_WINDOW = timedelta(days=1)
EPOCH = datetime.fromtimestamp(0, UTC)


class MongoMessageBook:
    """One document per message."""

    def __init__(self, store: Store) -> None:
        self._messages: Repository[Message] = Repository(
            store,
            MESSAGES,
            to_document=documents.message_document,
            from_document=documents.message_from,
            to_messages=events.message_of,
        )

    def find(self, reader: Reader, message_id: str) -> Message | None:
        """The message, if it exists."""
        found = self._messages.find(reader, {"_id": message_id}, limit=1)
        return found[0] if found else None

    def peek(self, reader: Reader, message_id: str) -> Message | None:
        """The message, if it exists; leaves no audit row."""
        found = reader.find_one(MESSAGES, {"_id": message_id})
        return None if found is None else documents.message_from(found)

    def load(self, reader: Reader, message_id: str) -> Message:
        """The message; NotFound where the tenant has none."""
        return self._messages.load(reader, message_id)

    def ahead(self, message_id: str) -> list[Ahead]:
        """What `find` and `load` will read."""
        return [Ahead(MESSAGES, {"_id": message_id})]

    def ahead_of_claim(self, message_id: str) -> list[Ahead]:
        """The same, and what is known of a page's case."""
        return [Ahead(MESSAGES, {"_id": message_id}, _of_its_case)]

    def look_ahead(self, tx: Tx, message_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        tx.look_ahead(MESSAGES, message_ids)

    def insert(self, tx: Tx, message: Message) -> Message:
        """Keep a new message."""
        return self._messages.insert(tx, message)

    def insert_all(self, tx: Tx, messages: Sequence[Message]) -> list[Message]:
        """Keep new messages, in one stroke."""
        return self._messages.insert_many(tx, messages)

    def save(self, tx: Tx, message: Message) -> Message:
        """Keep what happened to a message."""
        return self._messages.save(tx, message)

    def save_all(self, tx: Tx, messages: Sequence[Message]) -> list[Message]:
        """Keep what happened to messages, in one stroke."""
        return self._messages.save_many(tx, messages)

    def forget(self, tx: Tx, message_id: str) -> None:
        """Remove a drill's message."""
        tx.delete(MESSAGES, message_id)

    def page(self, reader: Reader, asked: ListPage) -> Page[Message]:
        """Messages of a recipient or of a page, newest first."""
        named = {"recipient_id": asked.recipient_id, "page_id": asked.page_id}
        found = reader.page(
            MESSAGES,
            {name: id for name, id in named.items() if id},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-create_time",
        )
        for document in found.items:
            reader.touch(document["patient_id"], document["_id"])
        return Page([documents.message_from(each) for each in found.items], found.next_page_token)

    def by_reference(self, reader: Reader, reference: str) -> Message | None:
        """The message that a provider calls so, if there is one."""
        found = self._messages.find(reader, {"references": reference}, limit=1)
        return found[0] if found else None

    def late_pages(self, reader: Reader, recipient_id: str) -> list[Message]:
        """The recipient's pages whose time is not over for longer than ANSWERABLE, newest first."""
        named = {"recipient_id": recipient_id, "is_page": True}
        since = {"$gt": reader.now - ANSWERABLE}
        wanted = {"expire_time": since, "state": {"$ne": State.WITHDRAWN.value}}
        order = [("expire_time", -1)]
        found = reader.find(MESSAGES, {**named, **wanted}, sort=order, limit=MOST_PAGES)
        return [documents.message_from(each) for each in found]

    def parked(self, reader: Reader, message_class: MessageClass, limit: int) -> list[Message]:
        """Parked messages of one class, oldest first."""
        wanted = {"message_class": message_class.value, "state": State.PARKED.value}
        found = reader.find(MESSAGES, wanted, sort=[("create_time", 1)], limit=limit)
        return [documents.message_from(each) for each in found]

    def census(self, reader: Reader) -> Census:
        """How many messages the tenant has, by class and state: all that are in flight, and the
        ended ones that were accepted within a day. To be taken inside a transaction, so that no
        message is counted in two states or in none; it costs no more than that day's messages."""
        recent = {"create_time": {"$gte": reader.now - CENSUS_WINDOW}}
        ended, flying = sorted(ENDED), sorted(set(State) - ENDED)
        in_flight = {"state": {"$in": flying}}
        is_timed = {"next_attempt_time": {"$gte": EPOCH}}
        older = {**in_flight, "create_time": {"$lt": reader.now - CENSUS_WINDOW}}
        return Census(
            accepted=reader.count(MESSAGES, recent) + reader.count(MESSAGES, older),
            stored={
                (each, state): reader.count(
                    MESSAGES,
                    {
                        "message_class": each.value,
                        "state": state.value,
                        **(recent if state in ENDED else {}),
                    },
                )
                for each in MessageClass
                for state in State
            },
            astray=reader.count(MESSAGES, {"state": {"$in": ended}, **is_timed})
            + reader.count(MESSAGES, in_flight)
            - reader.count(MESSAGES, {**in_flight, **is_timed}),
        )


class MongoContactBook:
    """Contact points of staff, and copies of patients'."""

    def __init__(self, store: Store) -> None:
        self._points: Repository[ContactPoint] = Repository(
            store,
            CONTACT_POINTS,
            to_document=documents.contact_point_document,
            from_document=documents.contact_point_from,
            to_messages=events.message_of,
        )

    def contact_point(
        self, reader: Reader, recipient_id: str, channel: Channel
    ) -> ContactPoint | None:
        """How a member of staff is reached."""
        named = {"recipient_id": recipient_id, "channel": channel.value}
        found = reader.find_one(CONTACT_POINTS, named)
        return documents.contact_point_from(found) if found else None

    def points(self, reader: Reader, recipient_id: str) -> list[ContactPoint]:
        """All of a member of staff's, in their order."""
        found = reader.find(CONTACT_POINTS, {"recipient_id": recipient_id})
        points = [documents.contact_point_from(each) for each in found]
        return sorted(points, key=lambda point: point.place)

    def all_points(self, reader: Reader) -> list[ContactPoint]:
        """Those of all the tenant's staff."""
        return [documents.contact_point_from(each) for each in reader.find(CONTACT_POINTS, {})]

    def keep(self, tx: Tx, point: ContactPoint) -> ContactPoint:
        """Keep a new or moved contact point."""
        keep = self._points.save if point.version else self._points.insert
        return keep(tx, point)

    def page(self, reader: Reader, asked: ListPage) -> Page[ContactPoint]:
        """A recipient's contact points."""
        found = reader.page(
            CONTACT_POINTS,
            {"recipient_id": asked.recipient_id},
            page_size=asked.page_size,
            page_token=asked.page_token,
        )
        points = [documents.contact_point_from(each) for each in found.items]
        return Page(points, found.next_page_token)

    def patient(self, reader: Reader, patient_id: str) -> PatientContact | None:
        """How a patient is reached."""
        id = derived_id(reader.call.tenant_id, PATIENT_CONTACTS, patient_id)
        found = reader.find_one(PATIENT_CONTACTS, {"_id": id})
        return documents.patient_contact_from(found) if found else None

    def look_ahead(self, tx: Tx, patient_ids: Iterable[str]) -> None:
        """Many patients are about to be asked for."""
        tenant_id = tx.call.tenant_id
        ids = [derived_id(tenant_id, PATIENT_CONTACTS, each) for each in patient_ids]
        tx.look_ahead(PATIENT_CONTACTS, ids)

    def keep_patient(self, tx: Tx, contact: PatientContact, version: int) -> None:
        """Remember how a patient is reached, unless something newer is known."""
        id = derived_id(tx.call.tenant_id, PATIENT_CONTACTS, contact.patient_id)
        copy = {"_id": id, **documents.patient_contact_document(contact)}
        tx.take_newer(PATIENT_CONTACTS, copy, aggregate_version=version)


class MongoCopies:
    """What other services said."""

    def keep_case(self, tx: Tx, case: KeepCase, version: int) -> None:
        """Remember what happened to a case."""
        tx.take_newer(CASES, {"_id": case.case_id, "state": case.state}, aggregate_version=version)

    def forget_case(self, tx: Tx, case_id: str) -> None:
        """Remove what is known of a drill's case."""
        tx.delete(CASES, case_id)

    def in_hand_since(self, reader: Reader, case_id: str) -> int:
        """The version at which a human last took or ended the case; 0 = never."""
        found = reader.find_one(CASES, {"_id": case_id})
        return int(found["aggregate_version"]) if found else 0

    def keep_revocation(self, tx: Tx, revocation: RevokeConsent, version: int) -> None:
        """Remember that a patient wants no messages."""
        _keep(tx, REVOCATIONS, revocation, version)

    def keep_consent(self, tx: Tx, consent: GiveConsent, version: int) -> None:
        """Remember that a patient agreed to messages."""
        _keep(tx, CONSENTS, consent, version)

    def has_revoked(self, reader: Reader, patient_id: str) -> bool:
        """True where the patient wants no messages, unless surely agreed to again since."""
        if (lost := _kept(reader, REVOCATIONS, patient_id)) is None:
            return False
        return is_unwilling(lost=lost, given=_kept(reader, CONSENTS, patient_id) or 0)

    def look_ahead(self, tx: Tx, patient_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        tenant_id = tx.call.tenant_id
        ids = [derived_id(tenant_id, REVOCATIONS, each) for each in patient_ids]
        tx.look_ahead(REVOCATIONS, ids)


def _of_its_case(message: Document) -> list[Ahead]:
    return [Ahead(CASES, {"_id": message["case_id"]})] if message["is_page"] else []


def _keep(tx: Tx, collection: str, said: RevokeConsent | GiveConsent, version: int) -> None:
    id = derived_id(tx.call.tenant_id, collection, said.patient_id)
    copy = {"_id": id, "patient_id": said.patient_id, "scope": said.scope}
    tx.take_newer(collection, copy, aggregate_version=version)


def _kept(reader: Reader, collection: str, patient_id: str) -> int | None:
    """The version at which the patient last said so; None = never."""
    id = derived_id(reader.call.tenant_id, collection, patient_id)
    found = reader.find_one(collection, {"_id": id})
    return int(found["aggregate_version"]) if found else None
