"""Wake-ups come from the collections that were asked for."""

from __future__ import annotations

from collections import Counter

from chassis.store import Store
from chassis.store.watch import Watch
from tests.charts import CHARTS, a_call
from tests.integration.chassis.store.reviews import schedule
from tests.waiting import eventually


def test_a_watch_wakes_on_writes_to_its_collections_only(store: Store) -> None:
    woken: Counter[str] = Counter()
    wakes = {name: lambda name=name: woken.update([name]) for name in (CHARTS, "others")}
    watch = Watch(store, wakes)
    watch.start()
    try:
        eventually(lambda: woken == {CHARTS: 1, "others": 1}, within=5)  # once when it opens
        schedule(store, "c1", 1)
        eventually(lambda: woken[CHARTS] == 2, within=5)
        store.transact(
            a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c1"}, {"$inc": {"n": 1}})
        )
        eventually(lambda: woken[CHARTS] == 3, within=5)
        assert woken["others"] == 1
    finally:
        watch.stop()
