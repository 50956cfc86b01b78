"""The guard sees every kind of command that forgets the tenant, and lets the others pass."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.monitoring import CommandStartedEvent

from tests.tenant_guard import TenantGuard

MINE = {"tenant_id": "t1"}


def violations(command: dict[str, Any], database: str = "crisis") -> list[str]:
    guard = TenantGuard()
    name = next(iter(command))
    guard.started(CommandStartedEvent(command, database, 1, ("localhost", 1), None))
    assert all(name in violation for violation in guard.violations)
    return guard.violations


@pytest.mark.parametrize(
    "command",
    [
        {"find": "cases", "filter": {}},
        {"find": "cases"},
        {"find": "cases", "filter": {"$or": [MINE]}},
        {"find": "cases", "filter": {"tenant_id": {"$ne": "t1"}}},
        {"find": "cases", "filter": {"tenant_id": ""}},
        {"count": "cases", "query": {"state": "open"}},
        {"distinct": "cases", "key": "state", "query": {}},
        {"findAndModify": "cases", "query": {"_id": "c1"}},
        {"insert": "cases", "documents": [MINE, {"_id": "c1"}]},
        {"update": "cases", "updates": [{"q": MINE}, {"q": {"_id": "c1"}}]},
        {"delete": "cases", "deletes": [{"q": {}}]},
        {"aggregate": "cases", "pipeline": [{"$group": {"_id": 1}}, {"$match": MINE}]},
        {"aggregate": "cases", "pipeline": []},
        {"find": "cases", "filter": {}, "comment": "something else"},
    ],
)
def test_a_command_that_could_meet_two_tenants_is_noticed(command: dict[str, Any]) -> None:
    assert len(violations(command)) == 1


@pytest.mark.parametrize(
    "command",
    [
        {"find": "cases", "filter": {"_id": "c1", **MINE}},
        {"findAndModify": "cases", "query": MINE},
        {"insert": "cases", "documents": [MINE, MINE]},
        {"update": "cases", "updates": [{"q": MINE}]},
        {"aggregate": "cases", "pipeline": [{"$match": MINE}, {"$group": {"_id": 1}}]},
        {"find": "outbox", "filter": {}, "comment": "cross-tenant: relay"},
        {"commitTransaction": 1},
        {"createIndexes": "cases"},
        {"getMore": 1, "collection": "cases"},
    ],
)
def test_a_command_of_one_tenant_or_of_the_machinery_passes(command: dict[str, Any]) -> None:
    assert violations(command) == []


def test_the_servers_own_databases_are_not_watched() -> None:
    assert violations({"find": "system.users", "filter": {}}, "admin") == []
