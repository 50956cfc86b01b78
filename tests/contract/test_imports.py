"""What each process has loaded, asked of real processes: eventlet and grpc never meet."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cli.environment import SERVICES

ASK = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
patched = "eventlet" in sys.modules and sys.modules["eventlet"].patcher.is_monkey_patched("thread")
modules = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"modules": modules, "patched": patched}))
"""
NO_EVENTLET = {"eventlet", "nameko"}
NO_GRPC = {"grpc", "grpc_status", "grpc_health", "grpc_reflection", "aiohttp"}


def loaded(module: str) -> tuple[set[str], bool]:
    """Top-level modules after the import in a fresh interpreter, and whether it is patched."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, module],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    return set(said["modules"]), said["patched"]


def test_the_auditor_loads_neither_eventlet_nor_grpc() -> None:
    modules, patched = loaded("services.crisis.auditor")
    assert not modules & (NO_EVENTLET | NO_GRPC)
    assert not patched


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("process", ["api", "relay"])
def test_an_api_and_a_relay_load_no_eventlet(service: str, process: str) -> None:
    modules, patched = loaded(f"services.{service}.{process}")
    assert not modules & NO_EVENTLET
    assert not patched


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_loads_no_grpc_and_is_patched(service: str) -> None:
    modules, patched = loaded(f"services.{service}.worker")
    assert not modules & NO_GRPC
    assert patched


def test_the_command_line_loads_neither_before_it_knows_what_to_do() -> None:
    modules, _ = loaded("cli.main")
    assert not modules & (NO_EVENTLET | NO_GRPC | {"pymongo", "kombu"})
