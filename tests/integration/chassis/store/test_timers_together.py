"""Due work that is done for several documents at once, where there are several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.call import Call
from chassis.errors import FailedPrecondition
from chassis.store import Store
from chassis.timers import TOGETHER
from tests.integration.chassis.store.conftest import StartRunner
from tests.integration.chassis.store.reviews import Reviews, schedule
from tests.waiting import eventually


class Group:
    """Handles several by handling each."""

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews
        self.sizes: list[int] = []
        self.tenants: dict[str, str] = {}
        self.broken: set[str] = set()

    def handle_all(self, call: Call, ids: Sequence[str]) -> Mapping[str, Exception]:
        """What failed is what is broken."""
        self.sizes.append(len(ids))
        self.tenants |= dict.fromkeys(ids, call.tenant_id)
        for id in ids:
            if id not in self.broken:
                self._reviews.handle(call, id)
        return {id: FailedPrecondition("BROKEN") for id in ids if id in self.broken}


def test_many_are_handled_a_few_at_a_time_each_for_its_tenant(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    for number in range(3 * TOGETHER):
        schedule(store, f"c{number}", -5, f"t{number % 2}")
    group = Group(reviews)
    start_runner(reviews.handle, handle_all=group.handle_all)

    eventually(lambda: set(reviews.done().values()) == {1}, within=10)
    assert max(group.sizes) == TOGETHER
    assert all(tenant == f"t{int(id[1:]) % 2}" for id, tenant in group.tenants.items())


def test_one_alone_is_handled_alone(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    schedule(store, "c1", -5)
    group = Group(reviews)
    start_runner(reviews.handle, handle_all=group.handle_all)

    eventually(lambda: reviews.done() == {"c1": 1}, within=10)
    assert group.sizes == []


def test_more_than_can_be_under_way_are_all_handled_once(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    for number in range(250):
        schedule(store, f"c{number}", -5)
    group = Group(reviews)
    start_runner(reviews.handle, handle_all=group.handle_all)

    eventually(lambda: set(reviews.done().values()) == {1}, within=30)


def test_the_others_rest_as_what_was_done_and_only_the_broken_one_is_tried_again(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    for number in range(5):
        schedule(store, f"c{number}", -5)
    group = Group(reviews)
    group.broken = {"c2"}
    start_runner(reviews.handle, handle_all=group.handle_all)

    others = {f"c{number}": 1 for number in (0, 1, 3, 4)}
    eventually(lambda: reviews.done() == {**others, "c2": 0}, within=10)
    group.broken = set()
    eventually(lambda: reviews.done() == {**others, "c2": 1}, within=10)


def test_a_bug_among_several_does_not_stop_the_work(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    for number in range(5):
        schedule(store, f"c{number}", -5)
    times = list[int]()

    def buggy(call: Call, ids: Sequence[str]) -> Mapping[str, Exception]:
        times.append(len(ids))
        if len(times) == 1:
            raise KeyError("on purpose")
        return Group(reviews).handle_all(call, ids)

    runner = start_runner(reviews.handle, handle_all=buggy)
    eventually(lambda: set(reviews.done().values()) == {1}, within=15)
    assert runner.is_alive()
