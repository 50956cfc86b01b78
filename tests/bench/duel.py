"""Two servers measured in turn, so that a drifting machine moves both."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from haven.intake.v1 import intake_pb2_grpc

from tests.bench.serve import TENANT, issuer

CALLERS = 32
ROUNDS = 6
Ask = Callable[[Any, Any], Awaitable[Any]]


@contextmanager
def pair(mongodb_uri: str = "") -> Iterator[tuple[dict[str, str], tuple[tuple[str, str], ...]]]:
    """Addresses of both servers, each a process of its own, and the metadata to call them with."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        token = issuer(folder).issue(TENANT, "coordinator-1", ["coordinator"])
        children = {kind: _start(kind, folder, mongodb_uri) for kind in ("bare", "haven")}
        try:
            addresses = {
                kind: _address(child, folder / f"{kind}.log") for kind, child in children.items()
            }
            yield addresses, (("authorization", f"Bearer {token}"),)
        finally:
            for child in children.values():
                child.kill()
                child.wait()


def latencies(ask: Ask, *, mongodb_uri: str = "", calls: int = 300) -> dict[str, list[float]]:
    """Milliseconds of sequential calls to each, in turns."""

    async def measured() -> dict[str, list[float]]:
        samples: dict[str, list[float]] = {"bare": [], "haven": []}
        async with _stubs(addresses) as stubs:
            for stub in stubs.values():
                await _sequence(ask, stub, metadata, calls)
            for _ in range(ROUNDS):
                for kind, stub in stubs.items():
                    samples[kind] += await _sequence(ask, stub, metadata, calls)
        return samples

    with pair(mongodb_uri) as (addresses, metadata):
        return asyncio.run(measured())


def throughputs(ask: Ask, *, mongodb_uri: str = "", seconds: float = 2.0) -> dict[str, float]:
    """Calls per second to each under many callers, in turns."""

    async def measured() -> dict[str, float]:
        counts = {"bare": 0, "haven": 0}
        async with _stubs(addresses) as stubs:
            for stub in stubs.values():
                await _crowd(ask, stub, metadata, seconds / 2)
            for _ in range(ROUNDS):
                for kind, stub in stubs.items():
                    counts[kind] += await _crowd(ask, stub, metadata, seconds)
        return {kind: count / (ROUNDS * seconds) for kind, count in counts.items()}

    with pair(mongodb_uri) as (addresses, metadata):
        return asyncio.run(measured())


async def _sequence(ask: Ask, stub: Any, metadata: Any, calls: int) -> list[float]:
    samples = []
    for _ in range(calls):
        before = time.perf_counter()
        await ask(stub, metadata)
        samples.append((time.perf_counter() - before) * 1000)
    return samples


async def _crowd(ask: Ask, stub: Any, metadata: Any, seconds: float) -> int:
    end = time.perf_counter() + seconds

    async def caller() -> int:
        done = 0
        while time.perf_counter() < end:
            await ask(stub, metadata)
            done += 1
        return done

    return sum(await asyncio.gather(*(caller() for _ in range(CALLERS))))


class _stubs:  # noqa: N801  # reads as a verb at its one use
    def __init__(self, addresses: dict[str, str]) -> None:
        self._channels = {
            kind: grpc.aio.insecure_channel(address) for kind, address in addresses.items()
        }

    async def __aenter__(self) -> dict[str, Any]:
        return {
            kind: intake_pb2_grpc.IntakeServiceStub(channel)
            for kind, channel in self._channels.items()
        }

    async def __aexit__(self, *error: object) -> None:
        for channel in self._channels.values():
            await channel.close()


def _start(kind: str, folder: Path, mongodb_uri: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.serve", kind, str(folder)]
    with (folder / f"{kind}.log").open("w") as told:  # its log lines are no part of the table
        return subprocess.Popen(
            [*command, mongodb_uri] if mongodb_uri else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )


def _address(child: subprocess.Popen[str], log: Path) -> str:
    assert child.stdout is not None
    if not (address := child.stdout.readline().strip()):
        raise RuntimeError(f"no server:\n{log.read_text()}")
    return address
