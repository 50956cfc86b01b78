"""On a MongoDB that was given, a run keeps its documents apart and takes them away again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from cli.environment import SERVICES


@contextmanager
def own_databases(mongodb_uri: str) -> Iterator[Mapping[str, str]]:
    """Settings that name a fresh database for each service; none where the server is ours alone."""
    if not mongodb_uri:
        yield {}
        return
    run = secrets.token_hex(4)
    names = {service: f"haven_{run}_{service}" for service in SERVICES}
    try:
        yield {f"HAVEN_{service.upper()}_DATABASE": name for service, name in names.items()}
    finally:
        with MongoClient[dict[str, Any]](mongodb_uri) as client:
            for name in names.values():
                client.drop_database(name)
