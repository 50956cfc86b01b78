"""The demo: what it claims is counted, and a claim that fails fails it."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from cli.demo import main as demo
from cli.demo.timeline import ClaimFailed, Timeline


@pytest.fixture
def printed() -> StringIO:
    """What a person sees."""
    return StringIO()


@pytest.fixture
def timeline(printed: StringIO) -> Timeline:
    """A timeline on paper."""
    return Timeline(console=Console(file=printed, width=100))


def test_a_story_whose_claims_all_hold_ends_with_zero(
    timeline: Timeline, printed: StringIO
) -> None:
    timeline.claim("Somebody is on call", True)
    assert timeline.verdict() == 0
    assert "All 1 claims held" in printed.getvalue()


def test_one_claim_that_fails_makes_the_whole_story_fail_and_says_what_was_seen(
    timeline: Timeline, printed: StringIO
) -> None:
    timeline.claim("Somebody is on call", True)
    timeline.claim("Nothing is left running", False, seen="mongod")
    assert timeline.verdict() == 1
    assert "1 of 2 claims failed" in printed.getvalue()
    assert "mongod" in printed.getvalue()


def test_what_does_not_happen_in_time_ends_the_story(timeline: Timeline) -> None:
    with pytest.raises(ClaimFailed):
        timeline.wait("the second rung", lambda: None, within=0.0)
    assert timeline.failed == ["the second rung (within 0 s)"]


def test_what_happens_is_handed_on(timeline: Timeline) -> None:
    assert timeline.wait("an answer", lambda: "found", within=1.0) == "found"


def test_a_demo_that_cannot_start_exits_non_zero(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_story(*_: object) -> None:
        raise ClaimFailed("the page at the mail server")

    class NoStack:
        """A stack that starts at once and holds nothing."""

        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> NoStack:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(demo, "Stack", NoStack)
    monkeypatch.setattr(demo, "play", no_story)
    assert demo.main() == 1
    assert "the page at the mail server" in capsys.readouterr().out
