"""A real Chromium without a screen, told what to do over its DevTools socket."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.waiting import eventually

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS, PATIENCE_SECONDS = 60.0, 30.0


class Page:
    """One tab; what a person would do in it and see of it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers, self._has_loaded = socket, count(1), False

    async def does(self, script: str) -> Any:
        """Run a script in the page and give its value."""
        value = await self._asks(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in value, value["exceptionDetails"]
        return value["result"].get("value")

    async def goes_to(self, url: str) -> None:
        """Open a page and wait until its scripts have run."""
        await self._asks("Page.enable")
        self._has_loaded = False
        await self._asks("Page.navigate", url=url)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._has_loaded:
                await self._hears()

    async def until(self, script: str) -> Any:
        """Wait until the script's value is a true one, and give it."""
        looks = f"() => {{ const found = ({script}); if (found) done(found); }}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.does(f"new Promise((done) => setInterval({looks}, 50))")

    async def shows(self, text: str, *, at: str = "body") -> None:
        """Wait until a person reads this text there."""
        try:
            await self.until(f"document.querySelector('{at}').innerText.includes({text!r})")
        except TimeoutError:
            seen = await self.does(f"document.querySelector('{at}').innerText")
            raise AssertionError(f"{text!r} is not in {seen!r}") from None

    async def _asks(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while (answer := await self._hears()).get("id") != number:
            continue
        assert "error" not in answer, answer
        return answer["result"]

    async def _hears(self) -> Any:
        told = await self._socket.receive_json()
        self._has_loaded |= told.get("method") == "Page.loadEventFired"
        return told


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """A browser with one empty tab, gone at the end."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "install Chromium: apt-get install chromium"
    flags = [
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        # Its sandbox cannot be set up by root, as which containers run tests.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program, *flags, "about:blank", stdout=quiet, stderr=quiet
    )
    try:
        port = await asyncio.to_thread(_port, profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                tab = next(each for each in await answer.json() if each["type"] == "page")
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _port(file: Path) -> int:
    """Where it listens, once it says so."""
    eventually(lambda: file.exists() and "\n" in file.read_text(), within=START_SECONDS)
    return int(file.read_text().split("\n", 1)[0])
