"""One transaction: changes, the events they cause, the once-key and the audit row, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from google.protobuf.message import Message

from chassis.call import Call
from chassis.errors import Aborted, AlreadyExists, Internal
from chassis.ids import new_id
from chassis.store.engine import Document, Filter, Rows, Sort
from chassis.store.outbox_rows import Emission, OutboxRow, row_of
from chassis.store.reader import Reader
from chassis.topology import EventSpec

OWN_FIELDS = frozenset({"_id", "tenant_id", "version", "create_time", "update_time"})


class Tx(Reader):
    """What a use case may change. It may be run again: it touches only what it is given."""

    def __init__(
        self,
        call: Call,
        now: datetime,
        *,
        rows: Rows,
        schemas: Mapping[str, int],
        spec_of: Callable[[type[Message]], EventSpec],
    ) -> None:
        super().__init__(call, now, rows=rows, schemas=schemas)
        self.events: list[OutboxRow] = []
        self._spec_of = spec_of
        self._failure: AlreadyExists | None = None
        self._created: dict[tuple[str, str], datetime] = {}
        self._ahead: dict[str, dict[str, list[Document]]] = {}  # by collection and filter
        self._undo: list[Callable[[], None]] = []

    def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort | None = None,
        limit: int | None = None,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        """The documents that match, as this transaction sees them."""
        self.check()
        if not sort and (known := self._known(collection, filter)) is not None:
            return [dict(each) for each in known[: limit or None]]
        found = super().find(collection, filter, sort=sort, limit=limit, fields=fields)
        for document in found:
            if "create_time" in document:
                self._created[collection, document["_id"]] = document["create_time"]
        return found

    def look_ahead(
        self, collection: str, values: Iterable[str], *, field: str = "_id", **also: bool | str
    ) -> None:
        """Read the documents with these values in one stroke; who asks for one of them has it.

        That is who asks for `{field: value, **also}` and for no order. What this transaction
        writes itself is read again.
        """
        wanted = sorted({*values})
        if not wanted:
            return
        found: dict[str, list[Document]] = {value: [] for value in wanted}
        for document in self.find(collection, {field: {"$in": wanted}, **also}):
            found[document[field]].append(document)
        ahead = self._ahead.setdefault(collection, {})
        ahead |= {repr({field: value, **also}): those for value, those in found.items()}

    def insert(self, collection: str, document: Mapping[str, Any]) -> Document:
        """Add a document at version 1; AlreadyExists where a unique index refuses it."""
        return self.insert_many(collection, [document])[0]

    def insert_many(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[Document]:
        """Add documents at version 1, in one stroke; AlreadyExists where an index refuses one."""
        self.check()
        if not documents:
            return []
        stored = [
            self._stamped(collection, each, version=1, create_time=self.now) for each in documents
        ]
        try:
            self._rows.insert(collection, stored)
        except AlreadyExists as error:
            # The database has given the transaction up: nothing after this can count.
            self._failure = error
            raise
        for each in stored:
            self._written(collection, each["_id"])
            self._created[collection, each["_id"]] = self.now
            self._note(each)
        return stored

    def replace(self, collection: str, document: Mapping[str, Any], *, version: int) -> Document:
        """Put a new version in the place of `version`; Aborted("STALE_VERSION") if it moved on."""
        return self.replace_many(collection, [(document, version)])[0]

    def replace_many(
        self, collection: str, documents: Sequence[tuple[Mapping[str, Any], int]]
    ) -> list[Document]:
        """Put new versions in the places of others, in one stroke; Aborted if one moved on."""
        self.check()
        stored: list[Document] = []
        pairs: list[tuple[Filter, Document]] = []
        for document, version in documents:
            create_time = self._create_time(collection, document)
            new = self._stamped(collection, document, version=version + 1, create_time=create_time)
            stored.append(new)
            pairs.append((self._mine({"_id": new["_id"], "version": version}), new))
        if self._rows_call(lambda: self._replaced(collection, pairs)) != len(pairs):
            raise Aborted("STALE_VERSION", "changed meanwhile; read it again")
        for new in stored:
            self._written(collection, new["_id"])
            self._note(new)
        return stored

    def update_one(
        self, collection: str, filter: Filter, update: Filter, *, upsert: bool = False
    ) -> int:
        """Apply update operators to the first match; how many matched or were made (0 or 1)."""
        self.check()
        change = self._own_change(filter, update, upsert=upsert)
        self._written(collection)
        if isinstance(patient_id := filter.get("patient_id"), str):
            self.touch(patient_id)
        return self._rows_call(
            lambda: self._rows.update(collection, self._mine(filter), change, upsert=upsert)
        )

    def update_many(self, collection: str, filter: Filter, update: Filter) -> int:
        """Apply update operators to every match, in one stroke; how many matched."""
        self.check()
        change = self._own_change(filter, update, upsert=False)
        self._written(collection)
        return self._rows_call(
            lambda: self._rows.update_many(collection, self._mine(filter), change)
        )

    def take_newer(
        self, collection: str, document: Mapping[str, Any], *, aggregate_version: int
    ) -> bool:
        """Keep a copy of another service's fact unless a newer one is here; True where kept."""
        self.check()
        copy = {**document, "aggregate_version": aggregate_version}
        stored = self._stamped(collection, copy, version=1, create_time=self.now)
        self._written(collection, stored["_id"])
        self._note(stored)
        return self._rows_call(lambda: self._rows.put_newer(collection, stored)) == 1

    def delete(self, collection: str, id: str) -> int:
        """Remove the document; how many there were (0 or 1)."""
        self.check()
        self._written(collection, id)
        self.touch("", id)
        return self._rows.delete(collection, self._mine({"_id": id}))

    def emit(
        self,
        message: Message,
        *,
        aggregate_id: str,
        aggregate_version: int,
        expire_time: datetime | None = None,
    ) -> str:
        """Publish the event if, and only if, this transaction commits; its id."""
        emission = Emission(aggregate_id, aggregate_version, expire_time)
        row = row_of(self._spec_of(type(message)), message, emission)
        self.events.append(replace(row, position=len(self.events)))
        return row.event_id

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Call `undo` if this attempt does not commit."""
        self._undo.append(undo)

    def roll_back(self) -> None:
        """Undo in memory what the database forgets by itself."""
        while self._undo:
            self._undo.pop()()

    def check(self) -> None:
        """Raise again what has already ended this transaction."""
        if self._failure is not None:
            raise self._failure

    def _replaced(self, collection: str, pairs: Sequence[tuple[Filter, Document]]) -> int:
        if len(pairs) == 1:
            return self._rows.replace(collection, *pairs[0])
        return self._rows.replace_many(collection, pairs) if pairs else 0

    def _known(self, collection: str, filter: Filter) -> list[Document] | None:
        ahead = self._ahead.get(collection)
        return ahead.get(repr(filter)) if ahead else None

    def _written(self, collection: str, id: str = "") -> None:
        """What was read ahead is so no more: that one, and whatever was not read by its id."""
        ahead = self._ahead.get(collection, {})
        for key in [each for each in ahead if not id or not each.startswith("{'_id': ")]:
            del ahead[key]
        ahead.pop(repr({"_id": id}), None)

    def _rows_call(self, change: Callable[[], int]) -> int:
        try:
            return change()
        except AlreadyExists as error:
            self._failure = error
            raise

    def _stamped(
        self,
        collection: str,
        document: Mapping[str, Any],
        *,
        version: int,
        create_time: datetime,
    ) -> Document:
        if not isinstance(document.get("_id"), str) or not document["_id"]:
            raise Internal("DOCUMENT_ID_INVALID", f"a document of {collection} has no id")
        return {
            **document,
            "schema": document.get("schema", self._schemas.get(collection, 1)),
            "tenant_id": self.call.tenant_id,
            "version": version,
            "create_time": create_time,
            "update_time": self.now,
        }

    def _create_time(self, collection: str, document: Mapping[str, Any]) -> datetime:
        """A replacement keeps the first version's time, whether or not the caller carries it."""
        key, carried = (collection, document["_id"]), document.get("create_time")
        if key not in self._created and isinstance(carried, datetime):
            return carried  # of a row that an earlier transaction has read or written
        if key not in self._created:
            self.find_one(collection, {"_id": document["_id"]}, fields=("create_time",))
        return self._created.get(key, self.now)

    def _own_change(self, filter: Filter, update: Filter, *, upsert: bool) -> dict[str, Any]:
        if any(not name.startswith("$") for name in update):
            raise Internal("UPDATE_INVALID", "an update is made of operators")
        if any(OWN_FIELDS & set(fields) for fields in update.values()):
            raise Internal("UPDATE_INVALID", "identity, tenant, version and times are the store's")
        change = {name: dict(fields) for name, fields in update.items()}
        change.setdefault("$set", {})["update_time"] = self.now
        change.setdefault("$inc", {})["version"] = 1
        if upsert:
            made = change.setdefault("$setOnInsert", {})
            made |= {"create_time": self.now, "schema": 1}
            if "_id" not in filter:
                made["_id"] = new_id()
        return change

    def _note(self, document: Document) -> None:
        """A change to a patient's record is in that patient's trail without being asked."""
        if isinstance(patient_id := document.get("patient_id"), str) and patient_id:
            self.touch(patient_id, document["_id"])
