"""The auditor as its process runs it: its pulse is the age of its last finished round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo import MongoClient

from chassis.clock import DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement, make_master_key
from chassis.process import Process
from chassis.settings import Secret
from chassis.store import CHASSIS_INDEXES, Store, connect
from chassis.tenants import Tenants
from cli.servers import MongoServer
from services.crisis import auditor as module
from services.crisis import store as crisis_store
from services.crisis.auditor import Auditor
from services.crisis.settings import CrisisSettings
from tests.waiting import eventually

NOBODY = "amqp://guest:guest@127.0.0.1:1/"


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[MongoServer]:
    """A database that the test may freeze."""
    server = MongoServer(tmp_path / "mongodb").start()
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def process(tmp_path: Path, victim: MongoServer) -> Iterator[Process]:
    """What an auditor's process holds open; there is no broker."""
    settings = CrisisSettings(
        service="crisis",
        amqp_uri=Secret(NOBODY),
        mongodb_uri=Secret(victim.uri),
        database="crisis",
        tenants_file=tmp_path / "tenants.toml",
        jwks_uri="file:none",
        token_issuer="https://login.haven.test",
        token_audience="haven",
        pki_dir=tmp_path,
        audit_period_seconds=0.2,
    )
    client: MongoClient[dict[str, Any]] = connect(victim.uri, app_name="tests", pool_size=8)
    clock = DatabaseClock(client)
    cipher = FieldCipher(client, KeyManagement.of_file(make_master_key(tmp_path / "master.key")))
    store = Store(client, "crisis", service="crisis", clock=clock)
    store.ensure_indexes((*CHASSIS_INDEXES, *crisis_store.INDEXES))
    tenants = Tenants({"river": {}, "still": {}})
    yield Process(settings, "auditor", client, clock, store, tenants, cipher)
    cipher.close()
    store.close()
    client.close()


def rounds() -> float:
    return REGISTRY.get_sample_value("haven_crisis_audit_round_seconds_count") or 0.0


def test_while_rounds_are_finished_it_lives_though_there_is_no_broker(process: Process) -> None:
    assert isinstance(process.settings, CrisisSettings)
    auditor = Auditor(process, process.settings)
    before = rounds()

    eventually(lambda: rounds() >= before + 3, within=20)

    assert auditor.is_alive()
    assert REGISTRY.get_sample_value("haven_lease_held", {"job": "audit"}) == 1
    assert auditor.stop()
    assert REGISTRY.get_sample_value("haven_lease_held", {"job": "audit"}) == 0


def test_an_auditor_whose_rounds_do_not_end_is_taken_for_dead_until_one_does(
    process: Process, victim: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 2.0)
    assert isinstance(process.settings, CrisisSettings)
    auditor = Auditor(process, process.settings)
    before = rounds()
    eventually(lambda: rounds() > before, within=20)

    victim.freeze()
    eventually(lambda: not auditor.is_alive(), within=20)
    assert auditor.is_turning(), "it is the database that is away: ending would help nobody"
    victim.thaw()

    eventually(auditor.is_alive, within=30)
    assert auditor.stop()


def test_two_auditors_share_the_rounds_and_the_second_follows_the_first(process: Process) -> None:
    assert isinstance(process.settings, CrisisSettings)
    first, second = (Auditor(process, process.settings) for _ in range(2))
    before = rounds()
    eventually(lambda: rounds() >= before + 2, within=20)

    assert first.stop()
    between = rounds()

    eventually(lambda: rounds() > between, within=20)
    assert second.is_alive()
    assert second.stop()
