"""The main job: one patient from referral to a first group session, with a crisis on the way."""

from __future__ import annotations

from cli.demo.cast import Story


def test_every_claim_of_the_story_holds(story: Story) -> None:
    assert story.timeline.claims > 40
    assert story.timeline.failed == []
