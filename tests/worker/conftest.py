"""Containers in this very process, on real servers. Collected in the worker run only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

PATCHED = "tests.worker.patched" in sys.modules
# The main run has its own process: patched and unpatched code cannot share one.
collect_ignore_glob = [] if PATCHED else ["test_*.py"]

if PATCHED:
    from tests.worker.ward import Ward

    @pytest.fixture
    def ward(vhost: str, mongo_client: Any, test_name: str) -> Iterator[Ward]:
        """A consumer's worker in this process, and the broker's side of it."""
        made = Ward(vhost, mongo_client, database=test_name)
        yield made
        made.close()
