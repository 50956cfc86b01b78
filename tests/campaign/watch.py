"""Every state that a case is ever in, as the database commits it."""

from __future__ import annotations

import threading
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError


class Watch:
    """Collects what must never be: an open case that nothing and nobody would act on."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self.violations: list[str] = []
        self.states = 0
        self._cases = client["crisis"]["cases"]
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        with self._cases.watch(full_document="updateLookup", max_await_time_ms=200) as stream:
            self._ready.set()
            while not self._stopping.is_set():
                try:
                    change = stream.try_next()
                except PyMongoError as error:
                    self.violations.append(f"the watch ended: {type(error).__name__}")
                    return
                if change is not None and (case := change.get("fullDocument")):
                    self.states += 1
                    self._look(case)

    def _look(self, case: dict[str, Any]) -> None:
        if case["is_open"] and case["next_deadline_time"] is None:
            self.violations.append(f"{case['_id']} is open and has no deadline")
        if case["state"] == "acknowledged" and not case["owner_id"]:
            self.violations.append(f"{case['_id']} is acknowledged and nobody has it")
