"""What every process opens first and closes last, whichever of a service's three it is."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from chassis import failpoint, log
from chassis.clock import Clock, DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement
from chassis.settings import ProcessSettings
from chassis.store import Store, connect
from chassis.telemetry import tracing
from chassis.tenants import Tenants


@dataclass(frozen=True)
class Process:
    """The running process: its settings and what it holds open."""

    settings: ProcessSettings
    name: str  # api, worker, relay
    client: MongoClient[dict[str, Any]]
    clock: Clock
    store: Store
    tenants: Tenants
    cipher: FieldCipher


# Connections for what runs beside calls: receipts of three peers (8 threads each), announcements,
# timers, leases. With as many as calls alone need, a storm of signals makes their receipts wait
# until they fail. They are opened when they are needed.
BESIDE_CALLS = 32


@contextmanager
def opened(settings: ProcessSettings, name: str) -> Iterator[Process]:
    """Configure logs, traces and failpoints; read tenants; open the database and the keys."""
    log.configure(settings.service, name)
    failpoint.arm(settings.failpoints, environment=settings.env)
    tenants = Tenants.load(settings.tenants_file)
    management = KeyManagement.of(settings)
    tracing.configure(settings.service, name, settings.trace_export)
    client = connect(
        settings.mongodb_uri.reveal(),
        app_name=f"haven-{settings.service}-{name}",
        pool_size=settings.executor_size + BESIDE_CALLS,
    )
    clock, cipher = DatabaseClock(client), FieldCipher(client, management)
    store = Store(client, settings.database, service=settings.service, clock=clock)
    # What was imported stays for good: later collections need not walk through it again.
    gc.collect()
    gc.freeze()
    try:
        yield Process(settings, name, client, clock, store, tenants, cipher)
    finally:
        cipher.close()
        client.close()
        tracing.flush()
