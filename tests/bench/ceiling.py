"""What the machine and its database can do at most: two-collection transactions without Haven.

`python -m tests.bench.ceiling <mongodb-uri>` commits for a few seconds and prints how many it did.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from pymongo.read_concern import ReadConcern

from chassis.store import connect
from chassis.store.mongo import DURABLE

PROCESSES, THREADS = 2, 4
SECONDS = 5.0
DATABASE, COLLECTIONS = "bench_ceiling", ("one", "other")


def transactions_per_second(uri: str) -> float:
    """As many at once as keep two cores busy; each durable before it counts."""
    with connect(uri, app_name="bench-ceiling", pool_size=1) as client:
        client.drop_database(DATABASE)
        for name in COLLECTIONS:  # two transactions that make one at once would conflict
            client[DATABASE].create_collection(name)
    command = [sys.executable, "-m", "tests.bench.ceiling", uri]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    return sum(int(child.communicate()[0]) for child in children) / SECONDS


def _commit_until(uri: str, end: float) -> int:
    done = 0
    with connect(uri, app_name="bench-ceiling", pool_size=1) as client:
        database = client[DATABASE]
        while time.monotonic() < end:
            with client.start_session() as session:
                session.start_transaction(ReadConcern("snapshot"), DURABLE)
                for name in COLLECTIONS:
                    database[name].insert_one({"body": b"x" * 100}, session=session)
                session.commit_transaction()
            done += 1
    return done


def _main(uri: str) -> None:
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(THREADS) as pool:
        print(sum(pool.map(lambda _: _commit_until(uri, end), range(THREADS))))


if __name__ == "__main__":
    _main(sys.argv[1])
