"""Pages of a list, continued by a token that fits the one query it was made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from chassis.errors import InvalidArgument, Violation
from chassis.store.engine import Document, Filter

DEFAULT_SIZE = 50
LARGEST_SIZE = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the token that continues after them; empty at the end."""

    items: list[T]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One query: a token of any other is refused."""

    tenant_id: str
    collection: str
    filter: Filter
    order_by: str  # a field that every row has; a leading "-" means newest (largest) first

    @property
    def field(self) -> str:
        """The field that orders the rows; `_id` breaks ties."""
        return self.order_by.removeprefix("-")

    @property
    def direction(self) -> int:
        """1 or -1, as the database says it."""
        return -1 if self.order_by.startswith("-") else 1

    def after(self, token: str) -> Filter:
        """The filter for what follows the token's row."""
        if not token:
            return self.filter
        value, last_id = self._opened(token)
        beyond = "$gt" if self.direction > 0 else "$lt"
        rest = [{self.field: {beyond: value}}, {self.field: value, "_id": {beyond: last_id}}]
        return {"$and": [dict(self.filter), {"$or": rest}]}

    def token(self, last: Document) -> str:
        """Where this query goes on after the row."""
        place = [self._digest(), _packed(last[self.field]), last["_id"]]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()

    def _opened(self, token: str) -> tuple[Any, str]:
        try:
            digest, value, last_id = json.loads(base64.urlsafe_b64decode(token.encode()))
            place = _unpacked(value), str(last_id)
        except (ValueError, TypeError, KeyError, binascii.Error, OverflowError) as error:
            raise _refused("page_token") from error
        if digest != self._digest():
            raise _refused("page_token")
        return place

    def _digest(self) -> str:
        query = [self.tenant_id, self.collection, _plain(self.filter), self.order_by]
        text = json.dumps(query, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def size_of(page_size: int) -> int:
    """How many rows a request means: 0 is the default, more than the largest is the largest."""
    if page_size < 0:
        raise _refused("page_size")
    return min(page_size or DEFAULT_SIZE, LARGEST_SIZE)


def _refused(field: str) -> InvalidArgument:
    reason = f"{field.upper()}_INVALID"
    return InvalidArgument(
        reason,
        f"{field} does not belong to this query",
        violations=[Violation(field, "MALFORMED", "not a value that this query gave or takes")],
    )


def _plain(value: Any) -> Any:
    """Filters as JSON: what differs must look different."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    return {"value": value}


def _unpacked(packed: dict[str, Any]) -> Any:
    if "time" in packed:
        return datetime.fromisoformat(packed["time"]).astimezone(UTC)
    if not isinstance(packed["value"], str | int | float | bool):
        raise TypeError("not a place in a list")
    return packed["value"]
