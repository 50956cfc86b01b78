"""`haven room join` as a process of its own: lines typed into it, lines read from it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

PATIENCE_SECONDS = 60.0
LINE = re.compile(r"(room|private|notice) +(\d+|-)  \d\d:\d\d:\d\d  (.*)")


class Terminal:
    """What a person at a plain terminal sees, and types."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._heard = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def room(self) -> list[tuple[int, str]]:
        """The room's events by number, as they were shown."""
        return [(int(number), text) for kind, number, text in self._lines() if kind == "room"]

    @property
    def private(self) -> list[str]:
        """What was shown as this person's alone."""
        return [text for kind, _, text in self._lines() if kind == "private"]

    async def types(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def sees(self, words: str, *, since: int = 0) -> str:
        """The first line that says so; AssertionError where none comes in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (found := [line for line in self.said[since:] if words in line]):
                    assert not self._reading.done(), f"ended without {words!r}: {self.said}"
                    self._heard.clear()
                    await self._heard.wait()
                return found[0]
        raise AssertionError(f"no {words!r} in {self.said}")

    async def ends(self) -> int:
        """How it ended, once it has."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reading
            return await self.process.wait()

    def _lines(self) -> list[tuple[str, str, str]]:
        found = (LINE.fullmatch(line) for line in self.said)
        return [(each[1], each[2], each[3]) for each in found if each]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said.append(line.decode().rstrip("\n"))
            self._heard.set()
        self._heard.set()


@asynccontextmanager
async def terminal(*arguments: str, **variables: str) -> AsyncIterator[Terminal]:
    """`haven` with these arguments; ended at the latest at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", *arguments,
        env=_environment(variables),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    opened = Terminal(process)
    try:
        yield opened
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await opened.ends()
        assert process.stdin is not None
        process.stdin.close()


def _environment(variables: Mapping[str, str]) -> Mapping[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
    return {**given, "TZ": "UTC", **variables}
