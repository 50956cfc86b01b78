"""Notices every command that could see or change another tenant's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from chassis.store import CROSS_TENANT

# Where a command keeps the filters, documents or pipelines that must name a tenant.
QUERIES = {"find": "filter", "count": "query", "distinct": "query", "findAndModify": "query"}
BATCHES = {"update": ("updates", "q"), "delete": ("deletes", "q")}


class TenantGuard(CommandListener):
    """Collects violations: a driver swallows what a listener raises, so a test has to ask."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.checked = 0

    def started(self, event: CommandStartedEvent) -> None:
        """Look at a command before it is sent."""
        if event.database_name in {"admin", "config", "local"}:
            return
        command = event.command
        if str(command.get("comment", "")).startswith(CROSS_TENANT):
            return
        for filter in filters_of(event.command_name, command):
            self.checked += 1
            if not names_tenant(filter):
                collection = command.get(event.command_name)
                self.violations.append(f"{event.command_name} {collection} without tenant_id")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to see."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to see."""


def filters_of(name: str, command: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each filter or document of a command that reads or writes documents."""
    if name in QUERIES:
        yield command.get(QUERIES[name]) or {}
    elif name in BATCHES:
        batch, filter = BATCHES[name]
        yield from (each[filter] for each in command[batch])
    elif name == "insert":
        yield from command["documents"]
    elif name == "aggregate":
        yield _first_match(command["pipeline"])


def names_tenant(filter: Mapping[str, Any]) -> bool:
    """True where only one tenant's documents can match."""
    return isinstance(filter.get("tenant_id"), str) and bool(filter["tenant_id"])


def _first_match(pipeline: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    for stage in pipeline:
        match: Mapping[str, Any] = stage.get("$match", {})
        return match
    return {}
