"""The sealed trail: complete chains, and every kind of tampering named by record."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pymongo.collection import Collection

from chassis.audit import Finding, FindingKind, Head, Sealer, SealLoop, head_of, verify
from chassis.audit import sealer as sealer_module
from chassis.errors import DeadlineExceeded, HavenError, Unavailable
from chassis.lease import Leases
from chassis.store import AUDIT, Document, Store
from chassis.store.audit_rows import SEALS
from tests.charts import a_call
from tests.integration.chassis.store.conftest import MakeStore
from tests.waiting import eventually

CHANGED, MISSING = FindingKind.CHANGED, FindingKind.MISSING
ADDED, UNSEALED = FindingKind.ADDED, FindingKind.UNSEALED


def record(store: Store, count: int, tenant_id: str = "t1") -> None:
    """Leave audit rows, one per patient read."""

    def read(reader: Any) -> None:
        for number in range(count):
            reader.touch(f"p{number}", f"r{number}")

    store.read(a_call(tenant_id, action="chart.read"), read)


def entries(store: Store) -> Collection[Document]:
    return store.database[AUDIT]


def ids(store: Store, tenant_id: str = "t1") -> list[str]:
    """Sealed rows in the order of their numbers."""
    rows = entries(store).find({"tenant_id": tenant_id, "sealed": True}, sort=[("sequence", 1)])
    return [row["_id"] for row in rows]


def kinds(findings: list[Finding]) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.record_id) for finding in findings]


@pytest.fixture
def sealed(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Ten rows in three seals: 1-4, 5-8, 9-10."""
    monkeypatch.setattr(sealer_module, "BATCH", 4)
    record(store, 10)
    assert Sealer(store).seal_all() == 10
    return store


def test_an_untouched_trail_is_complete(sealed: Store) -> None:
    assert verify(sealed, "t1") == []
    numbers = [
        row["sequence"] for row in entries(sealed).find({"tenant_id": "t1"}, sort=[("sequence", 1)])
    ]
    assert numbers == list(range(1, 11))
    assert head_of(sealed, "t1").sequence == 10


def test_sealing_goes_on_where_it_ended(sealed: Store) -> None:
    record(sealed, 3)
    assert Sealer(sealed).seal_all() == 3
    assert Sealer(sealed).seal_all() == 0
    assert head_of(sealed, "t1").sequence == 13
    assert verify(sealed, "t1") == []


def test_each_tenant_has_its_own_chain(store: Store) -> None:
    record(store, 3)
    record(store, 2, "t2")
    Sealer(store).seal_all()
    assert (head_of(store, "t1").sequence, head_of(store, "t2").sequence) == (3, 2)
    entries(store).delete_many({"tenant_id": "t2"})
    assert verify(store, "t1") == []
    assert len(verify(store, "t2")) == 2
    assert verify(store, "t3") == []


@pytest.mark.parametrize(
    "change",
    [
        {"$set": {"actor_id": "clinician-2"}},
        {"$set": {"patient_id": "p99"}},
        {"$set": {"resource_ids": []}},
        {"$unset": {"purpose": ""}},
        {"$set": {"extra": 1}},
        {"$set": {"create_time": "2026-01-01T00:00:00.000+00:00"}},
        {"$inc": {"sequence": 100}},
        {"$set": {"sealed": False}},
        {"$set": {"tenant_id": "t9"}},
    ],
)
def test_a_changed_row_is_named(sealed: Store, change: Document) -> None:
    victim = ids(sealed)[5]
    entries(sealed).update_one({"_id": victim, "tenant_id": "t1"}, change)
    found = verify(sealed, "t1")
    named = MISSING if "tenant_id" in change.get("$set", {}) else CHANGED
    assert kinds(found)[0] == (named, victim)
    assert {finding.record_id for finding in found} == {victim}


def test_one_changed_byte_is_enough(sealed: Store) -> None:
    victim = ids(sealed)[0]
    entries(sealed).update_one(
        {"_id": victim, "tenant_id": "t1"}, {"$set": {"action": "chart.reaD"}}
    )
    assert kinds(verify(sealed, "t1")) == [(CHANGED, victim)]


def test_two_rows_that_changed_places_are_named(sealed: Store) -> None:
    first, second = ids(sealed)[1:3]
    for id, sequence in ((first, 3), (second, 2)):
        entries(sealed).update_one({"_id": id, "tenant_id": "t1"}, {"$set": {"sequence": sequence}})
    assert kinds(verify(sealed, "t1")) == [(CHANGED, first), (CHANGED, second)]


def test_a_deleted_row_is_named(sealed: Store) -> None:
    victim = ids(sealed)[4]
    entries(sealed).delete_one({"_id": victim, "tenant_id": "t1"})
    assert kinds(verify(sealed, "t1")) == [(MISSING, victim)]


def test_a_deleted_tail_is_named(sealed: Store) -> None:
    tail = ids(sealed)[-3:]
    entries(sealed).delete_many({"_id": {"$in": tail}, "tenant_id": "t1"})
    assert kinds(verify(sealed, "t1")) == [(MISSING, id) for id in tail]


def test_a_tail_deleted_with_its_seal_is_noticed_by_the_head(sealed: Store) -> None:
    tail = ids(sealed)[-2:]
    entries(sealed).delete_many({"_id": {"$in": tail}, "tenant_id": "t1"})
    sealed.database[SEALS].delete_one({"_id": "t1:000000000009", "tenant_id": "t1"})
    assert kinds(verify(sealed, "t1")) == [(MISSING, "t1:000000000009")]


def test_a_seal_deleted_from_the_middle_is_named_with_what_it_covered(sealed: Store) -> None:
    covered = ids(sealed)[4:8]
    sealed.database[SEALS].delete_one({"_id": "t1:000000000005", "tenant_id": "t1"})
    found = kinds(verify(sealed, "t1"))
    assert found == [(MISSING, "t1:000000000005"), *((ADDED, id) for id in covered)]


def test_an_inserted_row_is_named(sealed: Store) -> None:
    for id, sequence in (("forged-1", 3), ("forged-2", 11), ("forged-3", None), ("forged-4", 0)):
        row = entries(sealed).find_one({"tenant_id": "t1"})
        assert row is not None
        entries(sealed).insert_one({**row, "_id": id, "sequence": sequence, "sealed": True})
    assert set(kinds(verify(sealed, "t1"))) == {(ADDED, f"forged-{n}") for n in range(1, 5)}


def test_a_changed_seal_is_named(sealed: Store) -> None:
    seals = sealed.database[SEALS]
    first_entry = ids(sealed)[4]
    seals.update_one(
        {"_id": "t1:000000000005", "tenant_id": "t1"}, {"$set": {"entries.0.hash": "0" * 64}}
    )
    assert kinds(verify(sealed, "t1")) == [(CHANGED, "t1:000000000005"), (CHANGED, first_entry)]


def test_a_seal_made_again_breaks_the_next_one(sealed: Store) -> None:
    """Whoever changes a row and recomputes its seal must recompute every later one."""
    from chassis.audit.seals import entry_hash, seal_hash

    victim = ids(sealed)[5]
    entries(sealed).update_one({"_id": victim, "tenant_id": "t1"}, {"$set": {"purpose": "x"}})
    row = entries(sealed).find_one({"_id": victim, "tenant_id": "t1"})
    seals = sealed.database[SEALS]
    seal = seals.find_one({"_id": "t1:000000000005", "tenant_id": "t1"})
    assert row is not None
    assert seal is not None
    seal["entries"][1]["hash"] = entry_hash(row)
    seal["hash"] = seal_hash(seal)
    seals.replace_one({"_id": seal["_id"], "tenant_id": "t1"}, seal)
    assert kinds(verify(sealed, "t1")) == [(CHANGED, "t1:000000000009")]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"$set": {"hash": "0" * 64}}, CHANGED),
        ({"$set": {"sequence": 8}}, CHANGED),
        ({"$set": {"sequence": 0}}, MISSING),
    ],
)
def test_a_changed_head_is_named(sealed: Store, change: Document, kind: FindingKind) -> None:
    sealed.database["audit_heads"].update_one({"_id": "t1", "tenant_id": "t1"}, change)
    assert kinds(verify(sealed, "t1")) == [(kind, "t1")]


def test_a_deleted_head_is_named(sealed: Store) -> None:
    sealed.database["audit_heads"].delete_one({"_id": "t1", "tenant_id": "t1"})
    assert kinds(verify(sealed, "t1")) == [(MISSING, "t1")]


def test_a_chain_made_anew_is_noticed_by_a_head_noted_elsewhere(sealed: Store) -> None:
    noted = head_of(sealed, "t1")
    for collection in (SEALS, "audit_heads"):
        sealed.database[collection].delete_many({"tenant_id": "t1"})
    victim = ids(sealed)[0]
    entries(sealed).delete_one({"_id": victim, "tenant_id": "t1"})
    entries(sealed).update_many({"tenant_id": "t1"}, {"$set": {"sealed": False}})
    Sealer(sealed).seal_all()
    assert verify(sealed, "t1") == []
    assert kinds(verify(sealed, "t1", noted=noted)) == [(MISSING, "t1:000000000010")]
    assert verify(sealed, "t1", noted=head_of(sealed, "t1")) == []
    assert verify(sealed, "t1", noted=Head(0, "")) == []


def test_rows_that_no_sealer_takes_are_named(sealed: Store) -> None:
    record(sealed, 2)
    assert verify(sealed, "t1") == []
    fresh = [row["_id"] for row in entries(sealed).find({"tenant_id": "t1", "sealed": False})]
    found = verify(sealed, "t1", unsealed_bound=timedelta(seconds=-1))
    assert sorted(kinds(found)) == sorted((UNSEALED, id) for id in fresh)


def test_two_sealers_at_once_make_one_chain(store: Store, make_store: MakeStore) -> None:
    for _ in range(20):
        record(store, 10)

    def seal(_: int) -> int:
        try:
            return Sealer(make_store()).seal("t1")
        except HavenError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(seal, range(8)))
    assert total == 200
    assert verify(store, "t1") == []


def test_a_sealer_that_a_slow_server_refused_goes_on_with_smaller_batches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, 50)
    sealer = Sealer(store)
    with monkeypatch.context() as slow:
        slow.setattr(sealer_module, "SEAL_SECONDS", 0.0)
        for _ in range(9):
            with pytest.raises(DeadlineExceeded):
                sealer.seal_all()
    assert sealer.seal_all() == 50
    seals = store.database[SEALS].find({"tenant_id": "t1"}, sort=[("first", 1)])
    assert [seal["last"] for seal in seals] == [10, 30, 50]
    assert verify(store, "t1") == []


def test_writing_sealing_and_verifying_go_on_together(store: Store) -> None:
    stop = threading.Event()

    def work(act: Callable[[], object]) -> None:
        while not stop.is_set():
            with suppress(HavenError):  # a busy server's refusal; the next round makes up for it
                act()

    sealer = Sealer(store)
    acts: list[Callable[[], object]] = [lambda: record(store, 20), sealer.seal_all]
    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    findings = [finding for _ in range(20) for finding in verify(store, "t1")]
    stop.set()
    for thread in threads:
        thread.join()
    assert findings == []
    sealer.seal_all()
    assert verify(store, "t1", unsealed_bound=timedelta(0)) == []


def test_the_loop_seals_within_a_second_and_only_while_it_holds_the_lease(
    store: Store, make_store: MakeStore
) -> None:
    loop = SealLoop(Sealer(store), lease=Leases(store).lease("sealer"))
    other = SealLoop(Sealer(make_store()), lease=Leases(make_store()).lease("sealer"))
    assert loop.turn() == sealer_module.SWEEP_SECONDS
    record(store, 3)
    other.turn()
    assert head_of(store, "t1").sequence == 0
    loop.turn()
    assert head_of(store, "t1").sequence == 3
    loop.failed(Unavailable("STORE_UNAVAILABLE"))
    loop.close()
    record(store, 2)
    eventually(lambda: other.turn() and head_of(store, "t1").sequence == 5, within=5)


def test_a_backlog_is_sealed_in_turns_that_no_tenant_fills_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer_module, "BATCH", 4)
    monkeypatch.setattr(sealer_module, "TURN_SECONDS", 0.0)
    record(store, 10)
    record(store, 3, "t2")
    loop = SealLoop(Sealer(store), lease=Leases(store).lease("sealer"))

    assert loop.turn() == 0
    assert (head_of(store, "t1").sequence, head_of(store, "t2").sequence) == (4, 3)
    assert loop.turn() == 0
    assert loop.turn() == sealer_module.SWEEP_SECONDS
    assert head_of(store, "t1").sequence == 10
    loop.close()


def test_sealing_gives_way_to_people_in_danger_and_comes_afterwards(store: Store) -> None:
    is_storm = True
    loop = SealLoop(Sealer(store), lease=Leases(store).lease("sealer"), gives_way=lambda: is_storm)
    record(store, 3)

    assert loop.turn() == sealer_module.SWEEP_SECONDS
    assert head_of(store, "t1").sequence == 0
    is_storm = False
    loop.turn()
    loop.close()

    assert head_of(store, "t1").sequence == 3
