"""The whole platform, once for all scenarios, with the story played on it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.demo.cast import Story
from cli.demo.databases import own_databases
from cli.demo.main import play
from cli.demo.timeline import ClaimFailed, Timeline
from cli.environment import Uris
from cli.stack import Stack
from tests.scenarios import encore


@pytest.fixture(scope="session")
def stack(server_folder: Path, amqp_uri: str, mongodb_uri: str) -> Iterator[Stack]:
    """Sixteen processes on real servers."""
    folder = server_folder / "scenarios"
    with (
        own_databases(mongodb_uri) as databases,
        Stack(folder, given=Uris(amqp_uri, mongodb_uri), more=databases) as running,
    ):
        yield running
        running.abandon()


@pytest.fixture(scope="session")
def story(stack: Stack) -> Story:
    """The story, told to its end, and every RPC that it does not need asked once."""
    printed = StringIO()
    # Whether it happens is the question here; how fast is the demo's and the bench's.
    timeline = Timeline(console=Console(file=printed, width=120), patience=12)
    try:
        told = play(stack, timeline, rung_seconds=15)
    except ClaimFailed:
        pytest.fail(printed.getvalue(), pytrace=False)
    assert not timeline.failed, printed.getvalue()
    encore.play(told)
    return told
