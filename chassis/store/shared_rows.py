"""The rows of one transaction as several use cases share them: fewer commands, the same effects.

What one of them has read, the next has without asking; what they write goes in a few strokes, at
the latest at the end. Nothing else is different: a read that could meet what is still to be written
is preceded by the writing of it, and where a write cannot be done, the transaction fails as a whole
and its members are tried each by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chassis.errors import Aborted
from chassis.store.engine import ANY_ORDER, Document, Filter, Query, Rows

# Values that MongoDB compares as Python does, where both are of one of these kinds. A time is none:
# what is kept of it are milliseconds.
SIMPLE = (str, bool, int)
OF_ONE = "tenant_id"


class Ahead(NamedTuple):
    """A read that a use case will begin with: all rows of the collection with these values.

    What differs between one call and the next are plain values, equality only. `then` says what
    each row that is found will be followed by.
    """

    collection: str
    filter: Mapping[str, Any]
    then: Callable[[Document], Sequence[Ahead]] | None = None


class Mark(NamedTuple):
    """What was written and what is still to be, at some moment of a transaction."""

    strokes: int
    added: dict[str, list[Document]]
    changed: dict[str, dict[str, tuple[Filter, Document]]]


class SharedRows:
    """`Rows` over those of one transaction, for its members one after another."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._failure: Exception | None = None
        self._strokes = 0  # so often something was written
        self._known: dict[str, dict[str, tuple[Filter, list[Document]]]] = {}
        self._added: defaultdict[str, list[Document]] = defaultdict(list)
        self._changed: defaultdict[str, dict[str, tuple[Filter, Document]]] = defaultdict(dict)

    def look_ahead(self, reads: Iterable[Ahead]) -> None:
        """Make these reads, those that differ in plain values alone in one stroke; then those that
        follow from what they found."""
        now = list(reads)
        while now:
            alike: defaultdict[str, list[Ahead]] = defaultdict(list)
            for each in now:
                alike[_form(each)].append(each)
            now = [later for group in alike.values() for later in self._look_ahead(group)]

    def mark(self) -> Mark:
        """Where a member begins; see `go_back`."""
        added = {collection: [*rows] for collection, rows in self._added.items()}
        changed = {collection: {**rows} for collection, rows in self._changed.items()}
        return Mark(self._strokes, added, changed)

    def go_back(self, mark: Mark) -> bool:
        """Forget what was to be written since; False where something is written already, or the
        database has given the transaction up."""
        if self._failure is not None or mark.strokes != self._strokes:
            return False
        self._added, self._changed = defaultdict(list, mark.added), defaultdict(dict, mark.changed)
        return True

    def find(self, collection: str, filter: Filter, query: Query = ANY_ORDER) -> list[Document]:
        """The rows that match."""
        known = self._known.setdefault(collection, {})
        if (ahead := known.get(_key(filter, ANY_ORDER))) is not None and not query.sort:
            return _copies(ahead[1][: query.limit or None])
        key = _key(filter, query)
        if key not in known:
            self._write_what_matches(collection, filter)
            found = self._rows.find(collection, filter, query)
            known = self._known.setdefault(collection, {})
            known[key] = (filter, found)
        return _copies(known[key][1])

    def count(self, collection: str, filter: Filter) -> int:
        """How many rows match."""
        self._write(collection)
        return self._rows.count(collection, filter)

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Add rows, at the end; a unique index that refuses one refuses the transaction."""
        self._forget(collection, documents)
        self._added[collection] += _copies(documents)

    def replace(self, collection: str, filter: Filter, document: Document) -> int:
        """Put the document in the place of the one that matches, at the end."""
        return self.replace_many(collection, [(filter, document)])

    def replace_many(self, collection: str, pairs: Sequence[tuple[Filter, Document]]) -> int:
        """The same for several. All count as matching; where one does not, all is undone."""
        for filter, document in pairs:
            id = document["_id"]
            is_added = any(each["_id"] == id for each in self._added[collection])
            if is_added or id in self._changed[collection]:
                self._write(collection)
            self._changed[collection][id] = (filter, _copied(document))
        self._forget(collection, [document for _, document in pairs])
        return len(pairs)

    def update(
        self, collection: str, filter: Filter, change: Filter, *, upsert: bool = False
    ) -> int:
        """Apply update operators to the first match; how many matched or were made."""
        return self._directly(
            collection, lambda: self._rows.update(collection, filter, change, upsert=upsert)
        )

    def update_many(
        self, collection: str, filter: Filter, change: Filter, *, comment: str = ""
    ) -> int:
        """Apply update operators to every match; how many matched."""
        return self._directly(
            collection, lambda: self._rows.update_many(collection, filter, change, comment=comment)
        )

    def put_newer(self, collection: str, document: Document) -> int:
        """Put the document where its `_id` is new or its `aggregate_version` the higher one."""
        return self._directly(collection, lambda: self._rows.put_newer(collection, document))

    def number(self, collection: str, filter: Filter, ids: Sequence[str], first: Document) -> None:
        """Set the fields of `first` on each of the ids that matches, counting up its integers."""
        self._write(collection)
        self._known.pop(collection, None)
        self._strokes += 1
        self._rows.number(collection, filter, ids, first)

    def delete(self, collection: str, filter: Filter) -> int:
        """Remove the first match; how many matched."""
        return self._directly(collection, lambda: self._rows.delete(collection, filter))

    def write(self) -> None:
        """Everything that is still to be written; Aborted where a row moved on meanwhile."""
        if self._failure is not None:
            raise self._failure
        for collection in {*self._added, *self._changed}:
            self._write(collection)

    def _look_ahead(self, reads: Sequence[Ahead]) -> list[Ahead]:
        collection = reads[0].collection
        wanted = {_key(each.filter, ANY_ORDER): each for each in reads}
        found = self._rows.find(collection, _any_of([each.filter for each in wanted.values()]))
        known, later = self._known.setdefault(collection, {}), []
        for key, (_, filter, then) in wanted.items():
            mine = [row for row in found if _has(row, filter)]
            known[key] = (filter, mine)
            later += [each for row in mine for each in then(row)] if then else []
        return later

    def _directly(self, collection: str, change: Callable[[], int]) -> int:
        self._write(collection)
        self._known.pop(collection, None)
        self._strokes += 1
        return change()

    def _write_what_matches(self, collection: str, filter: Filter) -> None:
        id, changed = filter.get("_id"), self._changed[collection]
        # A changed row may match as it is stored and no longer as it will be; only its id stays.
        is_changed = id in changed if isinstance(id, str) else bool(changed)
        if is_changed or any(may_match(each, filter) for each in self._added[collection]):
            self._write(collection)

    def _write(self, collection: str) -> None:
        try:
            self._write_all(collection)
        except Exception as error:  # of whatever kind: the database has given the transaction up
            self._failure = error
            raise

    def _write_all(self, collection: str) -> None:
        if added := self._added.pop(collection, []):
            self._strokes += 1
            self._rows.insert(collection, added)
        if changed := list(self._changed.pop(collection, {}).values()):
            self._strokes += 1
            if len(changed) == 1:
                matched = self._rows.replace(collection, *changed[0])
            else:
                matched = self._rows.replace_many(collection, changed)
            if matched != len(changed):
                raise Aborted("STALE_VERSION", "changed meanwhile; read it again")

    def _forget(self, collection: str, written: Sequence[Document]) -> None:
        """What was read stays true, but for that which held one of these rows or may do so now."""
        ids = {each["_id"] for each in written}
        self._known[collection] = {
            key: (filter, found)
            for key, (filter, found) in self._known.get(collection, {}).items()
            if ids.isdisjoint(row["_id"] for row in found)
            and not any(may_match(each, filter) for each in written)
        }


def may_match(document: Document, filter: Filter) -> bool:
    """False only where one of the filter's simple equalities speaks against the document."""
    return all(
        _may_equal(document.get(name), wanted)
        for name, wanted in filter.items()
        if "." not in name and not name.startswith("$")
    )


def _may_equal(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, SIMPLE) or not (value is None or isinstance(value, SIMPLE)):
        return True
    return bool(value == wanted)


def _any_of(filters: Sequence[Filter]) -> Filter:
    """What finds the rows of each of these, which have the same fields."""
    first = filters[0]
    differing = [name for name in first if any(each[name] != first[name] for each in filters)]
    if not differing:
        return first
    if len(differing) > 1:
        return {OF_ONE: first[OF_ONE], "$or": list(filters)}
    return {**first, differing[0]: {"$in": [each[differing[0]] for each in filters]}}


def _form(read: Ahead) -> str:
    """What two reads must have in common. No command is about several tenants."""
    fields = [
        (name, "" if isinstance(wanted, SIMPLE) and name != OF_ONE else wanted)
        for name, wanted in sorted(read.filter.items())
    ]
    return repr((read.collection, fields))


def _has(row: Document, filter: Filter) -> bool:
    """Of rows that were found for several filters, those with this one's plain values."""
    return all(
        row.get(name) == wanted for name, wanted in filter.items() if isinstance(wanted, SIMPLE)
    )


def _copies(documents: Sequence[Document]) -> list[Document]:
    return [_copied(each) for each in documents]


def _copied(value: Any) -> Any:
    """A copy in which nothing can be changed that was copied: rows are dicts, lists and values."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value


def _key(filter: Filter, query: Query) -> str:
    """The same for two reads that find the same rows, in the same form and order."""
    wanted = (tuple(query.sort), query.limit, tuple(query.fields))
    return repr((sorted(filter.items()), wanted))
