"""Ten processes die while people are in danger; `make campaign` is the long version.

Here is asked what may not happen at any pace: a rung that fires twice or never, a page that does
not leave, a case without a deadline. How late a page is, within two seconds of the recovery, is
`make campaign`'s question, with the machine to itself: beside three other suites on two cores it
would be an answer about the machine, and a bound wide enough to hold would say nothing. That every
page has a lateness to be judged by is asked here, so that the long version cannot go blind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from cli.demo.cast import Story
from cli.demo.chapters import prologue
from cli.demo.timeline import Timeline
from cli.demo.world import World
from cli.environment import STATE, Uris
from cli.stack import Stack
from tests.campaign.campaign import WAIT, WITHOUT_DRILLS, Campaign

KILLS = 10


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Processes on servers of their own."""
    with Stack(Path(STATE) / "campaign", given=Uris(), more=WITHOUT_DRILLS) as running:
        yield running


def test_whoever_dies_every_rung_fires_once_and_every_page_leaves(stack: Stack) -> None:
    assert stack.smtp is not None
    assert stack.database is not None
    world = World(stack.environment.addresses, stack.environment.issuer)
    story = Story(world, Timeline(patience=60), stack.smtp, rung_seconds=int(WAIT.total_seconds()))
    prologue.play(story)
    with MongoClient[dict[str, Any]](stack.database.uri) as client:
        report = Campaign(stack, story, client).run(KILLS, seed=20260302)
    world.close()

    assert report.faults == []
    assert report.cases >= 8
    assert report.states > report.cases
    assert len(report.lateness) == report.pages - report.cases, "all but each case's first page"
