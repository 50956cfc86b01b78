"""Reading one tenant's documents, and noting whose they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.call import Call
from chassis.errors import Internal, NotFound
from chassis.store.audit_rows import Touched
from chassis.store.engine import Document, Filter, Query, Rows, Sort
from chassis.store.paging import Listing, Page, size_of


class Reader:
    """What a use case may read: its own tenant's documents and nothing else."""

    def __init__(
        self, call: Call, now: datetime, *, rows: Rows, schemas: Mapping[str, int]
    ) -> None:
        self.call = call
        self.now = now
        self.touched = Touched()
        self._rows = rows
        self._schemas = schemas

    def get(self, collection: str, id: str) -> Document:
        """The document; NotFound where it does not exist for this tenant."""
        if (found := self.find_one(collection, {"_id": id})) is None:
            raise NotFound("NOT_FOUND", "no such resource")
        return found

    def find_one(
        self, collection: str, filter: Filter, *, sort: Sort = (), fields: Sequence[str] = ()
    ) -> Document | None:
        """The first document that matches, or None."""
        found = self.find(collection, filter, sort=sort, limit=1, fields=fields)
        return found[0] if found else None

    def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort | None = None,
        limit: int | None = None,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        """The documents that match; only the named fields (and the store's own) when named."""
        query = Query(sort=sort or (), limit=limit or 0, fields=_with_own(fields))
        found = self._rows.find(collection, self._mine(filter), query)
        for document in found:
            self._check_schema(collection, document)
        return found

    def count(self, collection: str, filter: Filter) -> int:
        """How many documents match; nobody's is read. It costs what its index entries cost."""
        return self._rows.count(collection, self._mine(filter))

    def page(
        self,
        collection: str,
        filter: Filter,
        *,
        page_size: int,
        page_token: str,
        order_by: str = "create_time",
    ) -> Page[Document]:
        """One page; `order_by` names a field that every document has, "-" before it turns it."""
        size = size_of(page_size)
        listing = Listing(self.call.tenant_id, collection, filter, order_by)
        order = [(listing.field, listing.direction), ("_id", listing.direction)]
        found = self.find(collection, listing.after(page_token), sort=order, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], listing.token(found[size - 1]) if more else "")

    def touch(self, patient_id: str = "", resource_id: str = "") -> None:
        """Name whose record, and which resource, the audit trail must show for this call."""
        self.touched.add(patient_id, resource_id)

    def _mine(self, filter: Filter) -> dict[str, Any]:
        return {**filter, "tenant_id": self.call.tenant_id}

    def _check_schema(self, collection: str, document: Document) -> None:
        """A form that this release does not know is refused, not guessed."""
        schema = document.get("schema", 1)
        if not isinstance(schema, int) or not 1 <= schema <= self._schemas.get(collection, 1):
            raise Internal("DOCUMENT_SCHEMA_UNKNOWN", f"{collection} holds an unknown schema")


def _with_own(fields: Sequence[str]) -> Sequence[str]:
    return (*fields, "tenant_id", "schema", "version") if fields else ()
