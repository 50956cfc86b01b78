"""MongoDB collections as `Rows`, inside a session's transaction or outside of any."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chassis.errors import AlreadyExists
from chassis.store.engine import ANY_ORDER, Document, Filter, Query
from chassis.store.faults import INDEX_NAME, index_of

DUPLICATE_KEY = 11000


class Collections(dict[str, Collection[Document]]):
    """A database's collections, each opened once."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database

    def __missing__(self, name: str) -> Collection[Document]:
        self[name] = self._database[name]
        return self[name]


class MongoRows:
    """Driver errors pass through it to the engine, which knows when to try again."""

    def __init__(self, collections: Collections, session: ClientSession | None) -> None:
        self._collections = collections
        self._session = session

    def find(self, collection: str, filter: Filter, query: Query = ANY_ORDER) -> list[Document]:
        """The rows that match."""
        cursor = self._collections[collection].find(
            filter,
            dict.fromkeys(query.fields, 1) or None,
            sort=list(query.sort) or None,
            limit=query.limit,
            comment=query.comment or None,
            session=self._session,
        )
        return list(cursor)

    def count(self, collection: str, filter: Filter) -> int:
        """How many rows match."""
        return self._collections[collection].count_documents(filter, session=self._session)

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Add rows; AlreadyExists("UNIQUE_INDEX") where a unique index refuses one."""
        rows = self._collections[collection]
        try:
            if len(documents) == 1:
                rows.insert_one(documents[0], session=self._session)
            else:
                rows.insert_many(documents, session=self._session)
        except DuplicateKeyError as error:
            raise _exists(index_of(error)) from error
        except BulkWriteError as error:
            raise _refused(error) from error

    def replace(self, collection: str, filter: Filter, document: Document) -> int:
        """Put the document in the place of the one that matches; how many did."""
        try:
            done = self._collections[collection].replace_one(
                filter, document, session=self._session
            )
        except DuplicateKeyError as error:
            raise _exists(index_of(error)) from error
        return done.matched_count

    def replace_many(self, collection: str, pairs: Sequence[tuple[Filter, Document]]) -> int:
        """The same for several, in one stroke; how many of them matched."""
        changes = [ReplaceOne(filter, document) for filter, document in pairs]
        try:
            done = self._collections[collection].bulk_write(changes, session=self._session)
        except BulkWriteError as error:
            raise _refused(error) from error
        return done.matched_count

    def update(
        self, collection: str, filter: Filter, change: Filter, *, upsert: bool = False
    ) -> int:
        """Apply update operators to the first match; how many matched or were made."""
        try:
            done = self._collections[collection].update_one(
                filter, change, upsert=upsert, session=self._session
            )
        except DuplicateKeyError as error:
            raise _exists(index_of(error)) from error
        return done.matched_count + (done.upserted_id is not None)

    def update_many(
        self, collection: str, filter: Filter, change: Filter, *, comment: str = ""
    ) -> int:
        """Apply update operators to every match; how many matched."""
        done = self._collections[collection].update_many(
            filter, change, session=self._session, comment=comment or None
        )
        return done.matched_count

    def put_newer(self, collection: str, document: Document) -> int:
        """Put the document where its `_id` is new or its `aggregate_version` the higher one."""
        place = {name: document[name] for name in ("_id", "tenant_id")}
        kept = {
            "version": {"$add": [{"$ifNull": ["$version", 0]}, 1]},
            "create_time": {"$ifNull": ["$create_time", document["create_time"]]},
        }
        is_old = {"$gte": ["$aggregate_version", document["aggregate_version"]]}
        newer = {"$mergeObjects": [{"$literal": document}, kept]}
        try:
            done = self._collections[collection].update_one(
                place,
                [{"$replaceWith": {"$cond": [is_old, "$$ROOT", newer]}}],
                upsert=True,
                session=self._session,
            )
        except DuplicateKeyError as error:
            raise _exists(index_of(error)) from error
        return done.modified_count + (done.upserted_id is not None)

    def number(self, collection: str, filter: Filter, ids: Sequence[str], first: Document) -> None:
        """Set the fields of `first` on each of the ids that matches, counting up its integers."""
        place = {"$indexOfArray": [list(ids), "$_id"]}
        fields = {
            name: value if isinstance(value, bool) else {"$add": [value, place]}
            for name, value in first.items()
        }
        self._collections[collection].update_many(
            {**filter, "_id": {"$in": list(ids)}}, [{"$set": fields}], session=self._session
        )

    def delete(self, collection: str, filter: Filter) -> int:
        """Remove the first match; how many matched."""
        return self._collections[collection].delete_one(filter, session=self._session).deleted_count


def _refused(error: BulkWriteError) -> Exception:
    """What a unique index refused, in our words; everything else is the engine's to judge."""
    fault = (error.details.get("writeErrors") or [{}])[0]
    if fault.get("code") != DUPLICATE_KEY:
        return error
    found = INDEX_NAME.search(fault.get("errmsg", ""))
    return _exists(found[1] if found else "unknown")


def _exists(index: str) -> AlreadyExists:
    return AlreadyExists("UNIQUE_INDEX", "exists already", metadata={"index": index})
