"""The crowd as the measuring process directs it, and how busy everybody was meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from tests.bench.crowd import CHANNELS
from tests.bench.platform import TENANT, Platform
from tests.bench.roommates import Room


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the crowd answered, and the share of a core that each process used."""

    answer: Any
    busy: Mapping[str, float]

    @property
    def cores(self) -> str:
        """The shares by name."""
        return ", ".join(f"{name} {share:.0%}" for name, share in self.busy.items())

    @property
    def text(self) -> str:
        """The shares as a figure tells them."""
        return f"of a core: {self.cores}; streams share {CHANNELS} connections to a server"


class Audience:
    """One client process."""

    def __init__(self, child: subprocess.Popen[str], watched: Mapping[str, int]) -> None:
        self._child = child
        pids = {**watched, "clients": child.pid}
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}

    def watch(self, name: str, pid: int) -> None:
        """Tell of this process, too."""
        self._processes[name] = psutil.Process(pid)

    def forget(self, name: str) -> None:
        """It has ended."""
        del self._processes[name]

    def do(self, command: str, **arguments: Any) -> Outcome:
        """Have the crowd do something, and wait until it is done."""
        before, since = self._seconds(), time.monotonic()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        print(json.dumps({"do": command, **arguments}), file=self._child.stdin, flush=True)
        if not (line := self._child.stdout.readline()):
            raise RuntimeError(f"the clients ended at {command}")
        took, after = time.monotonic() - since, self._seconds()
        return Outcome(
            json.loads(line), {name: (after[name] - before[name]) / took for name in after}
        )

    def _seconds(self) -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in self._processes.items()}
        return {name: each.user + each.system for name, each in times.items()}


@contextmanager
def audience(watched: Mapping[str, int]) -> Iterator[Audience]:
    """The clients, ended afterwards; `watched` are the processes of whose cores it tells."""
    with serving("crowd") as child:
        yield Audience(child, watched)


@contextmanager
def serving(module: str) -> Iterator[subprocess.Popen[str]]:
    """A process of these measurements that talks by lines."""
    child = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def processes(running: Platform) -> dict[str, int]:
    """Whose work it is, by name."""
    assert running.stack.database is not None
    return {
        "sessions-api": running.stack.processes["sessions-api"].pid,
        "mongod": running.stack.database.pid,
    }


def tickets(
    running: Platform, rooms: Sequence[Room], *, address: str = "", staff: bool = True
) -> list[dict[str, str]]:
    """What the crowd needs to know of everybody in these rooms."""
    environment = running.stack.environment
    issue, where = environment.issuer.issue, address or environment.addresses["sessions"]

    def ticket(room: Room, subject: str, role: str) -> dict[str, str]:
        token = issue(TENANT, subject, [role])
        own = {"session_id": room.session_id, "subject": subject, "token": token}
        return {**own, "address": where}

    return [
        ticket(room, subject, role)
        for room in rooms
        for subject, role in [
            *([(room.facilitator_id, "clinician")] if staff else []),
            *((each, "patient") for each in room.patient_ids),
        ]
    ]


def subjects(people: Sequence[Mapping[str, str]]) -> list[str]:
    """By name."""
    return [each["subject"] for each in people]
