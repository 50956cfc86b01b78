"""One holder at a time, on the database's clock; loss is noticed before another can hold."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from chassis.lease import LEASES, ROW, Lease, Leases
from chassis.store import CROSS_TENANT, Store
from cli.servers import MongoServer
from tests.integration.chassis.store.conftest import MakeStore
from tests.waiting import eventually

TTL = 0.6
LONG = 2.0  # kept by a slow machine too


def a_lease(store: Store, *, ttl: float = TTL) -> Lease:
    return Leases(store).lease("job", ttl=ttl)


def tried(lease: Lease) -> bool:
    """Taken; a slow machine's refusal is a no."""
    try:
        return lease.acquire()
    except Unavailable:
        return False


def shown(job: str = "job") -> float | None:
    return REGISTRY.get_sample_value("haven_lease_held", {"job": job})


def test_the_first_takes_it_and_the_second_waits(store: Store) -> None:
    first, second = a_lease(store, ttl=60), a_lease(store, ttl=60)
    assert first.acquire()
    assert not second.acquire()
    assert first.is_held
    assert not second.is_held
    assert first.acquire()


def test_a_released_lease_is_free_at_once(store: Store) -> None:
    first, second = a_lease(store, ttl=60), a_lease(store, ttl=60)
    first.acquire()
    first.release()
    assert not first.is_held
    assert second.acquire()


def test_a_release_by_one_who_does_not_hold_it_frees_nothing(store: Store) -> None:
    first, second = a_lease(store, ttl=60), a_lease(store, ttl=60)
    first.acquire()
    second.release()
    assert not second.acquire()


def test_a_lease_runs_out_and_another_takes_it_but_never_both(store: Store) -> None:
    first, second = a_lease(store), a_lease(store, ttl=60)
    started = time.monotonic()
    first.acquire()

    together = []

    def taken() -> bool:
        is_taken = tried(second)
        together.append(is_taken and first.is_held)
        return is_taken

    eventually(taken, within=5)
    assert not any(together)
    assert time.monotonic() - started >= TTL * 0.9
    assert not first.acquire()


def test_a_lease_that_is_taken_anew_in_time_is_kept(store: Store) -> None:
    first, second = a_lease(store, ttl=LONG), a_lease(store, ttl=LONG)
    first.acquire()
    until = time.monotonic() + 1.5 * LONG

    def kept_to_the_end() -> bool:
        assert first.acquire() or time.monotonic() > until
        assert not second.acquire()
        return time.monotonic() > until

    eventually(kept_to_the_end, within=4 * LONG, every=0.1)


def test_jobs_do_not_share_a_lease(store: Store) -> None:
    assert Leases(store).lease("one", ttl=60).acquire()
    assert Leases(store).lease("two", ttl=60).acquire()


def test_the_databases_clock_decides_not_this_processs(store: Store) -> None:
    """A holder whose stored time is still to come keeps others out whatever the time is here."""
    far = datetime.now(UTC) + timedelta(seconds=60)
    store.database[LEASES].insert_one(
        {"_id": ROW, "job": {"holder": "other", "expire_time": far}},
        comment=f"{CROSS_TENANT}test",
    )
    assert not a_lease(store, ttl=60).acquire()
    store.database[LEASES].update_one(
        {"_id": ROW}, [{"$set": {"job.expire_time": "$$NOW"}}], comment=f"{CROSS_TENANT}test"
    )
    assert a_lease(store, ttl=60).acquire()


def test_holding_asks_the_database_a_few_times_only_and_keeps_the_lease(store: Store) -> None:
    lease, other = a_lease(store, ttl=LONG), a_lease(store, ttl=LONG)
    until = time.monotonic() + 1.5 * LONG

    def held_to_the_end() -> bool:
        assert lease.hold()
        assert not other.acquire()
        return time.monotonic() > until

    eventually(held_to_the_end, within=4 * LONG, every=0.01)


def test_one_write_keeps_all_that_a_process_holds(store: Store) -> None:
    claims = Leases(store)
    leases = [claims.lease(f"job.{number}", ttl=LONG) for number in range(5)]

    def kept_together() -> bool:
        held = [lease.hold() for lease in leases]
        row = store.database[LEASES].find_one({"_id": ROW}, comment=f"{CROSS_TENANT}test")
        assert row is not None
        return all(held) and len({row[f"job-{number}"]["expire_time"] for number in range(5)}) == 1

    eventually(kept_together, within=10)


def test_a_job_whose_thread_hangs_changes_hands_and_the_others_do_not(
    make_store: MakeStore,
) -> None:
    mine, theirs = Leases(make_store()), Leases(make_store())
    busy, hanging = mine.lease("busy", ttl=LONG), mine.lease("hanging", ttl=TTL)
    busy_elsewhere, hanging_elsewhere = theirs.lease("busy"), theirs.lease("hanging")
    assert busy.hold()
    assert hanging.hold()
    lost = []

    def taken_over() -> bool:
        lost.append(not busy.hold() or busy_elsewhere.acquire())
        return hanging_elsewhere.acquire()

    eventually(taken_over, within=10)
    assert not hanging.is_held
    assert not any(lost)


def test_keeping_the_others_does_not_take_back_what_was_released(store: Store) -> None:
    claims = Leases(store)
    kept, released = claims.lease("kept", ttl=TTL), claims.lease("released", ttl=TTL)
    assert kept.hold()
    assert released.hold()
    released.release()
    until = time.monotonic() + 2 * TTL
    eventually(lambda: kept.hold() and time.monotonic() > until, within=20)
    assert not released.is_held
    assert Leases(store).lease("released", ttl=60).acquire()


def test_the_metric_shows_who_holds(store: Store) -> None:
    lease = Leases(store).lease("shown", ttl=60)
    assert shown("shown") == 0
    lease.hold()
    assert shown("shown") == 1
    lease.release()
    assert shown("shown") == 0


def test_many_who_want_it_at_once_never_hold_it_together(make_store: MakeStore) -> None:
    """Six contenders with a short lease, who lose and take it over and over."""
    stop = threading.Event()
    leases = [a_lease(make_store()) for _ in range(6)]
    together, holders = [], set()

    def contend(number: int) -> None:
        mine, others = leases[number], leases[:number] + leases[number + 1 :]
        while not stop.is_set():
            if tried(mine):
                holders.add(number)
            held = [other for other in others if other.is_held]
            if held and mine.is_held:  # asked last: mine was held all the while
                together.append(number)
            if number % 2:
                mine.release()
            stop.wait(0.01 if number % 2 else 1.2 * TTL)  # longer than the lease: it runs out

    threads = [threading.Thread(target=contend, args=[number]) for number in range(len(leases))]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(holders) > len(leases) / 2, within=60)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert together == []


def test_a_holder_that_cannot_reach_the_database_stops_believing(
    own_server: MongoServer, own_store: Store
) -> None:
    lease = a_lease(own_store, ttl=1.0)
    assert lease.hold()
    own_server.freeze()
    started = time.monotonic()
    eventually(lambda: not lease.hold(), within=5)
    assert time.monotonic() - started < 4
    assert shown() == 0
    with pytest.raises(Unavailable):
        lease.acquire()
    lease.release()
    own_server.thaw()
    eventually(lease.hold, within=10)
