"""What the store needs of a database, so that one set of rules runs on MongoDB and in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from chassis.deadline import Deadline

Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]
T = TypeVar("T")

# Queries that look across tenants say so; tests refuse any other without a tenant_id.
CROSS_TENANT = "cross-tenant: "


@dataclass(frozen=True, slots=True)
class Query:
    """How rows are wanted: order, number, fields (all when empty), and a note for the database."""

    sort: Sort = ()
    limit: int = 0
    fields: Sequence[str] = ()
    comment: str = ""


ANY_ORDER = Query()


@dataclass(frozen=True, slots=True)
class Due:
    """A row whose time has come, and which time that was."""

    tenant_id: str
    id: str
    time: datetime
    rank: str = field(default="", compare=False)  # what the row says of its urgency, if asked


def in_groups(found: Sequence[Due], most: int) -> list[list[Due]]:
    """The same in their order, each with the next ones of its tenant, at most so many together."""
    groups: list[list[Due]] = []
    open_groups: dict[str, list[Due]] = {}
    for due in found:
        mine = open_groups.get(due.tenant_id, [])
        if not 0 < len(mine) < most:
            mine = open_groups[due.tenant_id] = []
            groups.append(mine)
        mine.append(due)
    return groups


class Timetable(NamedTuple):
    """What is due, longest due first, and when the next one will be; None where more is due."""

    due: list[Due]
    upcoming: datetime | None


class Rows(Protocol):
    """The rows of one database as one transaction, or one audited read, sees them."""

    def find(self, collection: str, filter: Filter, query: Query = ANY_ORDER) -> list[Document]:
        """The rows that match."""
        ...

    def count(self, collection: str, filter: Filter) -> int:
        """How many rows match."""
        ...

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Add rows; AlreadyExists("UNIQUE_INDEX") where a unique index refuses one."""
        ...

    def replace(self, collection: str, filter: Filter, document: Document) -> int:
        """Put the document in the place of the one that matches; how many did."""
        ...

    def replace_many(self, collection: str, pairs: Sequence[tuple[Filter, Document]]) -> int:
        """The same for several, in one stroke; how many of them matched."""
        ...

    def update(
        self, collection: str, filter: Filter, change: Filter, *, upsert: bool = False
    ) -> int:
        """Apply update operators to the first match; how many matched or were made."""
        ...

    def update_many(
        self, collection: str, filter: Filter, change: Filter, *, comment: str = ""
    ) -> int:
        """Apply update operators to every match; how many matched."""
        ...

    def put_newer(self, collection: str, document: Document) -> int:
        """Put the document where its `_id` is new or its `aggregate_version` the higher one.

        How many did (0 or 1). `version` counts on and `create_time` stays, where there is one.
        """
        ...

    def number(self, collection: str, filter: Filter, ids: Sequence[str], first: Document) -> None:
        """Set the fields of `first` on each of the ids that matches, counting up its integers."""
        ...

    def delete(self, collection: str, filter: Filter) -> int:
        """Remove the first match; how many matched."""
        ...


@dataclass(frozen=True, slots=True)
class Index:
    """An index as a service declares it; its name follows from its fields."""

    collection: str
    keys: Sequence[tuple[str, int]]
    unique: bool = False
    partial: Filter | None = None
    expire_after: int | None = None
    label: str = ""  # tells apart two indexes on the same fields

    def __post_init__(self) -> None:
        # A unique key without the tenant would let one tenant's facts refuse another's.
        if self.unique and "tenant_id" not in dict(self.keys):
            raise AssertionError(f"unique index {self.name} must hold tenant_id")

    @property
    def name(self) -> str:
        """<collection>__<field>_<field>."""
        fields = "_".join(field for field, _ in self.keys)
        return f"{self.collection}__{fields}{'__' + self.label if self.label else ''}"


class EffectExists(Exception):
    """Not a failure: a body leaves with it that has found its effect there already."""


class Engine(Protocol):
    """A database that can do many things at once or not at all."""

    def transact(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` in one transaction, again after a conflict; what it did is durable.

        So is what it has found where it leaves with EffectExists.
        """
        ...

    def look(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` on committed rows; single writes in it are durable when it returns."""
        ...

    def timetable(
        self, collection: str, field: str, limit: int, *, rank_field: str = ""
    ) -> Timetable:
        """Rows whose time in `field` has come, at most `limit`, and the earliest that has not."""
        ...

    def ensure_indexes(self, indexes: Sequence[Index]) -> None:
        """Make what is missing; FailedPrecondition where one exists differently."""
        ...

    def missing_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Names of those that do not exist, or exist differently."""
        ...
