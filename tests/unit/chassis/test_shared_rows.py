"""Rows that use cases share: whatever they read and write, it is as if each had asked itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Aborted, AlreadyExists
from chassis.store.engine import ANY_ORDER, Document, Index, Query, Rows
from chassis.store.shared_rows import Ahead, SharedRows, may_match
from tests.fakes.memory_store import MemoryRows, Tables

PLACE, OTHER = "charts", "notes"
UNIQUE = [Index(PLACE, [("tenant_id", 1), ("owner", 1)], unique=True)]
WHOSE = ("ana", "ben", "cho")


class Counted(MemoryRows):
    """Rows that know how often they were asked."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables, [])
        self.reads: list[tuple[str, Mapping[str, Any]]] = []
        self.strokes: list[tuple[str, int]] = []

    def find(self, collection: str, filter: Mapping[str, Any], query: Query = ANY_ORDER) -> Any:
        self.reads.append((collection, filter))
        return super().find(collection, filter, query)

    def insert(self, collection: str, documents: Any) -> None:
        self.strokes.append((collection, len(documents)))
        super().insert(collection, documents)

    def replace_many(self, collection: str, pairs: Any) -> int:
        self.strokes.append((collection, len(pairs)))
        return super().replace_many(collection, pairs)


def chart(id: str, owner: str = "ana", version: int = 1, lines: int = 0) -> Document:
    return {"_id": id, "tenant_id": "t1", "owner": owner, "version": version, "lines": lines}


def of(**fields: Any) -> dict[str, Any]:
    return {**fields, "tenant_id": "t1"}


@pytest.fixture
def tables() -> Tables:
    return {PLACE: {id: chart(id, WHOSE[number]) for number, id in enumerate(("c0", "c1", "c2"))}}


@pytest.fixture
def rows(tables: Tables) -> Counted:
    return Counted(tables)


def test_what_one_has_read_the_next_need_not_ask_for(rows: Counted) -> None:
    shared = SharedRows(rows)

    found = [shared.find(PLACE, of(owner="ana")) for _ in range(3)]

    assert len(rows.reads) == 1
    assert [[each["_id"] for each in one] for one in found] == [["c0"]] * 3


def test_who_changes_what_was_read_changes_a_copy(rows: Counted) -> None:
    shared = SharedRows(rows)
    shared.find(PLACE, of(owner="ana"))[0]["owner"] = "nobody"

    assert shared.find(PLACE, of(owner="ana"))[0]["owner"] == "ana"


def test_reads_that_differ_in_one_value_are_made_in_one_stroke(rows: Counted) -> None:
    shared = SharedRows(rows)
    shared.look_ahead(Ahead(PLACE, of(_id=id)) for id in ("c0", "c2", "c9"))

    found = [shared.find(PLACE, of(_id=id), Query(limit=1)) for id in ("c0", "c2", "c9")]

    assert len(rows.reads) == 1
    assert [[each["_id"] for each in one] for one in found] == [["c0"], ["c2"], []]


def test_reads_that_differ_in_several_values_are_made_in_one_stroke_too(rows: Counted) -> None:
    shared = SharedRows(rows)
    wanted = [of(_id="c0", owner="ana"), of(_id="c2", owner="cho"), of(_id="c1", owner="cho")]
    shared.look_ahead(Ahead(PLACE, each) for each in wanted)

    found = [[row["_id"] for row in shared.find(PLACE, each)] for each in wanted]

    assert found == [["c0"], ["c2"], []]
    assert len(rows.reads) == 1


def test_what_follows_from_a_read_is_read_for_all_in_one_stroke(
    rows: Counted, tables: Tables
) -> None:
    tables[OTHER] = {f"n-{id}": {"_id": f"n-{id}", "tenant_id": "t1"} for id in ("c0", "c2")}
    shared = SharedRows(rows)

    def note_of(chart: Document) -> list[Ahead]:
        return [Ahead(OTHER, of(_id=f"n-{chart['_id']}"))]

    shared.look_ahead(Ahead(PLACE, of(_id=id), note_of) for id in ("c0", "c1", "c2", "c9"))
    found = [shared.find(OTHER, of(_id=f"n-{id}"), Query(limit=1)) for id in ("c0", "c1", "c2")]

    assert [collection for collection, _ in rows.reads] == [PLACE, OTHER]
    assert [[each["_id"] for each in one] for one in found] == [["n-c0"], [], ["n-c2"]]


def test_what_is_read_ahead_is_read_of_one_tenant_at_a_time(rows: Counted) -> None:
    shared = SharedRows(rows)
    here, there = (
        [{"_id": id, "owner": owner, "tenant_id": tenant_id} for id, owner in pairs]
        for tenant_id, pairs in (
            ("t1", [("c0", "ana"), ("c1", "ben")]),
            ("t2", [("c0", "ana"), ("c1", "cho")]),
        )
    )
    shared.look_ahead(Ahead(PLACE, each) for each in [*here, *there])

    assert [filter["tenant_id"] for _, filter in rows.reads] == ["t1", "t2"]
    assert [len(shared.find(PLACE, each)) for each in [*here, *there]] == [1, 1, 0, 0]


def test_what_cannot_be_compared_may_be_read_ahead_where_all_ask_for_the_same(
    rows: Counted,
) -> None:
    shared, versions = SharedRows(rows), {"$in": [1, 2]}
    wanted = [of(owner=owner, version=versions) for owner in ("ana", "cho")]
    shared.look_ahead(Ahead(PLACE, each) for each in [*wanted, of(owner="ben", version=3)])

    assert [len(shared.find(PLACE, each)) for each in wanted] == [1, 1]
    assert shared.find(PLACE, of(owner="ben", version=3)) == []
    assert len(rows.reads) == 2


def test_what_one_wrote_in_vain_is_forgotten_and_what_others_wrote_is_not(
    rows: Counted, tables: Tables
) -> None:
    shared = SharedRows(rows)
    shared.insert(PLACE, [chart("c7", "dan")])
    shared.replace(PLACE, of(_id="c0", version=1), chart("c0", version=2))

    mark = shared.mark()
    shared.insert(PLACE, [chart("c8", "eve")])
    shared.replace(PLACE, of(_id="c1", version=1), chart("c1", "ben", version=2))
    assert shared.go_back(mark)
    shared.write()

    assert {id: row["version"] for id, row in tables[PLACE].items()} == {
        "c0": 2, "c1": 1, "c2": 1, "c7": 1,
    }  # fmt: skip


def test_what_is_written_already_cannot_be_forgotten(rows: Counted) -> None:
    shared = SharedRows(rows)
    mark = shared.mark()
    shared.insert(PLACE, [chart("c8", "eve")])
    shared.find(PLACE, of(owner="eve"))

    assert not shared.go_back(mark)


def test_new_rows_go_in_one_stroke_at_the_end(rows: Counted, tables: Tables) -> None:
    shared = SharedRows(rows)
    for number in range(4):
        shared.insert(OTHER, [chart(f"n{number}")])
    assert rows.strokes == []

    shared.write()

    assert rows.strokes == [(OTHER, 4)]
    assert sorted(tables[OTHER]) == ["n0", "n1", "n2", "n3"]


def test_changes_of_several_rows_go_in_one_stroke_at_the_end(rows: Counted, tables: Tables) -> None:
    shared = SharedRows(rows)
    shared.look_ahead(Ahead(PLACE, of(_id=id)) for id in ("c0", "c1", "c2"))
    for id in ("c0", "c1", "c2"):
        found = shared.find(PLACE, of(_id=id))[0]
        shared.replace(PLACE, of(_id=id, version=1), {**found, "version": 2})
    shared.write()

    assert rows.strokes == [(PLACE, 3)]
    assert len(rows.reads) == 1, "the others' changes are no reason to ask again"
    assert {row["version"] for row in tables[PLACE].values()} == {2}


def test_who_asks_for_what_another_wrote_sees_it(rows: Counted) -> None:
    shared = SharedRows(rows)
    assert shared.find(PLACE, of(owner="dee")) == []
    shared.insert(PLACE, [chart("c3", "dee")])
    assert [each["_id"] for each in shared.find(PLACE, of(owner="dee"))] == ["c3"]

    changed = chart("c3", "eve", version=2)
    shared.replace(PLACE, of(_id="c3", version=1), changed)

    assert shared.find(PLACE, of(owner="dee")) == []
    assert shared.find(PLACE, of(owner="eve")) == [changed]
    assert shared.count(PLACE, of()) == 4


def test_new_rows_of_others_are_no_reason_to_write(rows: Counted) -> None:
    shared = SharedRows(rows)
    shared.insert(PLACE, [chart("c3", "dee")])

    shared.find(PLACE, of(owner="eve"))

    assert rows.strokes == []


def test_a_row_that_moved_on_meanwhile_undoes_everything(rows: Counted) -> None:
    shared = SharedRows(rows)
    shared.replace(PLACE, of(_id="c0", version=7), chart("c0", version=8))

    with pytest.raises(Aborted, match="changed meanwhile"):
        shared.write()


def test_a_refused_row_undoes_everything_also_where_somebody_passed_over_it(tables: Tables) -> None:
    shared = SharedRows(MemoryRows(tables, UNIQUE))
    shared.insert(PLACE, [chart("c3", "ana")])
    with pytest.raises(AlreadyExists):
        shared.count(PLACE, of())

    with pytest.raises(AlreadyExists):
        shared.write()


@pytest.mark.parametrize("field", [{"owner": "ana"}, {"version": 1}])
def test_a_changed_row_is_not_found_by_what_it_was(rows: Counted, field: dict[str, Any]) -> None:
    shared = SharedRows(rows)
    shared.replace(PLACE, of(_id="c0", version=1), chart("c0", "eve", version=2))

    assert shared.find(PLACE, of(_id="c0", **field)) == []


def test_what_is_written_is_what_was_handed_over(rows: Counted, tables: Tables) -> None:
    shared, lines = SharedRows(rows), ["first"]
    shared.insert(PLACE, [{**chart("c3", "dee"), "lines": lines}])
    lines.append("never handed over")
    shared.write()

    assert tables[PLACE]["c3"]["lines"] == ["first"]


def test_a_time_is_compared_as_the_database_keeps_it() -> None:
    kept = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

    assert may_match(of(_id="c0", at=kept), of(at=kept.replace(microsecond=123000)))


@pytest.mark.parametrize(
    ("filter", "may"),
    [
        (of(owner="ana"), True),
        (of(owner="ben"), False),
        (of(missing=True), False),
        (of(missing=None), True),
        (of(owner={"$ne": "ana"}), True),
        (of(lines=False), True),
        ({"$or": [{"owner": "ben"}]}, True),
        (of(**{"owner.name": "ben"}), True),
    ],
)
def test_only_a_plain_value_that_speaks_against_it_rules_a_row_out(
    filter: dict[str, Any], may: bool
) -> None:
    assert may_match(chart("c0", "ana"), filter) is may


def test_a_list_is_never_ruled_out() -> None:
    assert may_match({"_id": "m", "references": ["a", "b"]}, {"references": "b"})


ids = st.sampled_from(["c0", "c1", "c2", "c3", "c4"])
owners = st.sampled_from(WHOSE)
Act = Callable[[Rows], Any]


def _replaced(rows: Rows, id: str, owner: str) -> None:
    for known in rows.find(PLACE, of(_id=id)):
        version = known["version"]
        changed = chart(id, owner, version=version + 1, lines=known["lines"])
        assert rows.replace(PLACE, of(_id=id, version=version), changed) == 1


def _added(rows: Rows, id: str, owner: str) -> None:
    if not rows.find(PLACE, of(_id=id)):
        rows.insert(PLACE, [chart(id, owner)])


acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda id: lambda rows: rows.find(PLACE, of(_id=id)), ids),
    st.builds(lambda owner: lambda rows: rows.find(PLACE, of(owner=owner)), owners),
    st.builds(
        lambda id, owner: lambda rows: rows.find(PLACE, of(_id=id, owner=owner)), ids, owners
    ),
    st.builds(
        lambda owner: lambda rows: rows.find(PLACE, of(owner=owner), Query((("_id", -1),), 1)),
        owners,
    ),
    st.builds(lambda n: lambda rows: rows.find(PLACE, of(lines={"$gt": n})), st.integers(0, 2)),
    st.builds(lambda owner: lambda rows: rows.count(PLACE, of(owner=owner)), owners),
    st.builds(lambda id, owner: lambda rows: _added(rows, id, owner), ids, owners),
    st.builds(lambda id, owner: lambda rows: _replaced(rows, id, owner), ids, owners),
    st.builds(
        lambda owner: lambda rows: rows.update(PLACE, of(owner=owner), {"$inc": {"lines": 1}}),
        owners,
    ),
    st.builds(
        lambda owner: (
            lambda rows: rows.update_many(
                PLACE, of(owner=owner), {"$inc": {"lines": 1, "version": 1}}
            )
        ),
        owners,
    ),
    st.builds(lambda id: lambda rows: rows.delete(PLACE, of(_id=id)), ids),
)


@given(st.lists(acts, max_size=20), st.lists(ids, max_size=3), st.lists(owners, max_size=2))
def test_whatever_is_read_and_written_it_is_as_without_sharing(
    acted: list[Act], ahead: list[str], of_whom: list[str]
) -> None:
    plain: Tables = {PLACE: {"c0": chart("c0", "ana"), "c1": chart("c1", "ben")}}
    tables = {PLACE: dict(plain[PLACE])}
    alone, shared = MemoryRows(plain, []), SharedRows(MemoryRows(tables, []))
    shared.look_ahead(
        [
            *(Ahead(PLACE, of(_id=id)) for id in ahead),
            *(Ahead(PLACE, of(owner=owner)) for owner in of_whom),
        ]
    )

    for act in acted:
        assert _alike(act(shared)) == _alike(act(alone))
    shared.write()

    assert tables == plain


def _alike(answer: Any) -> Any:
    """Rows found without a wish for an order come in any."""
    return sorted(answer, key=lambda row: str(row["_id"])) if isinstance(answer, list) else answer
