"""What every process opens first and closes last, whichever of a service's three it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from chassis import failpoint, log
from chassis.clock import Clock, DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement
from chassis.settings import ProcessSettings
from chassis.telemetry import tracing
from chassis.tenants import Tenants

# A frozen server must be noticed well inside a caller's default deadline of 10 s.
SERVER_SELECTION_MILLIS = 3000
SOCKET_MILLIS = 8000
CONNECT_MILLIS = 2000


@dataclass(frozen=True)
class Process:
    """The running process: its settings and what it holds open."""

    settings: ProcessSettings
    name: str  # api, worker, relay
    client: MongoClient[dict[str, Any]]
    clock: Clock
    tenants: Tenants
    cipher: FieldCipher


@contextmanager
def opened(settings: ProcessSettings, name: str) -> Iterator[Process]:
    """Configure logs, traces and failpoints; read tenants; open the database and the keys."""
    log.configure(settings.service, name)
    tracing.configure(settings.service, name, settings.trace_export)
    failpoint.arm(settings.failpoints, environment=settings.env)
    tenants = Tenants.load(settings.tenants_file)
    management = KeyManagement.of(settings)
    client = mongo_client(settings)
    cipher = FieldCipher(client, management)
    try:
        yield Process(settings, name, client, DatabaseClock(client), tenants, cipher)
    finally:
        cipher.close()
        client.close()
        tracing.flush()


def mongo_client(settings: ProcessSettings) -> MongoClient[dict[str, Any]]:
    """A client whose pool fits the executor and whose waits are bounded; it connects on use."""
    return MongoClient(
        settings.mongodb_uri.reveal(),
        appname=f"haven-{settings.service}",
        maxPoolSize=settings.executor_size,
        serverSelectionTimeoutMS=SERVER_SELECTION_MILLIS,
        socketTimeoutMS=SOCKET_MILLIS,
        connectTimeoutMS=CONNECT_MILLIS,
        tz_aware=True,
        w="majority",
        journal=True,
        readConcernLevel="majority",
    )
