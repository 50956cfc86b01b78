"""The tenant's unresolved cases, as the live board shows them."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.store import Page, Reader
from services.crisis.codec import documents
from services.crisis.domain.case import Case
from services.crisis.store import CASES

PART = 200
UNRESOLVED = {"list_key": {"$gte": "1"}}  # as documents.case_document writes it


class MongoBoard:
    """Reads cases for those who watch all of them."""

    def part(self, reader: Reader, page_token: str) -> Page[Case]:
        """Some unresolved cases, what needs people first; their patients' trails show it."""
        found = reader.page(
            CASES, UNRESOLVED, page_size=PART, page_token=page_token, order_by="-list_key"
        )
        for document in found.items:
            reader.touch(document["patient_id"], document["_id"])
        items = [documents.case_from(document) for document in found.items]
        return Page(items, found.next_page_token)

    def versions(self, reader: Reader) -> dict[str, int]:
        """The version of each unresolved case, and nothing else of it."""
        found = reader.find(CASES, UNRESOLVED, fields=("list_key",))
        return {document["_id"]: document["version"] for document in found}

    def cases(self, reader: Reader, case_ids: Sequence[str]) -> list[Case]:
        """These cases as they are now, resolved ones too."""
        found = reader.find(CASES, {"_id": {"$in": list(case_ids)}})
        return [documents.case_from(document) for document in found]
