"""A clinic, and a page served on loopback in front of it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Page, chromium
from tests.integration.sessions.conftest import clinic, stack

__all__ = ["clinic", "stack"]
PAGE = Path(__file__).parents[2] / "docs" / "browser" / "page"


class Silent(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """Where the page comes from, as a browser names it."""
    assert (PAGE / "messages.json").exists(), "make browser builds the page"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(PAGE)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """An empty tab of a real browser."""
    async with chromium(tmp_path / "profile") as tab:
        yield tab
