"""`make demo`: start everything, play the story, check every claim, leave nothing running."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
import psutil
from rich.markup import escape

from chassis.errors import HavenError
from cli.demo.cast import RUNG_SECONDS, Story
from cli.demo.chapters import (
    absence,
    admission,
    enrollment,
    prologue,
    readback,
    referral,
    safety,
    screening,
    session,
)
from cli.demo.databases import own_databases
from cli.demo.timeline import ClaimFailed, Timeline
from cli.demo.world import World, refusal
from cli.environment import STATE, Uris
from cli.stack import Stack

LOGS = STATE / "demo" / "logs"


def main() -> int:
    """0 only where every claim held."""
    timeline = Timeline()
    timeline.chapter("Starting RabbitMQ, MongoDB, SMTP and sixteen processes")
    given = Uris.given()
    # The story reads what was mailed, so the mail server is always our own.
    try:
        with own_databases(given.mongodb) as databases, _stack(given, databases, timeline) as stack:
            play(stack, timeline)
    except (ClaimFailed, HavenError) as error:
        timeline.claim("The story could be told to its end", False, seen=str(error))
    except grpc.RpcError as error:
        timeline.claim("Every request of the story is answered", False, seen=str(refusal(error)))
    left = [process.name() for process in psutil.Process().children(recursive=True)]
    timeline.claim("Nothing is left running", not left, seen=", ".join(left))
    if timeline.failed:
        timeline.console.print(f"What the processes said is in {LOGS}")
    return timeline.verdict()


def _stack(given: Uris, databases: Mapping[str, str], timeline: Timeline) -> Stack:
    return Stack(
        STATE / "demo",
        given=Uris(given.amqp, given.mongodb),
        more=databases,
        report=lambda text: timeline.note("stack", escape(text)),
    )


def play(stack: Stack, timeline: Timeline, *, rung_seconds: int = RUNG_SECONDS) -> Story:
    """All chapters in order on a running stack; returns who was met and what was asked."""
    assert stack.smtp is not None
    environment = stack.environment
    world = World(environment.addresses, environment.issuer)
    story = Story(world, timeline, stack.smtp, rung_seconds)
    prologue.play(story)
    prologue.prove_supervisors(story)
    referral.play(story)
    screening.play(story)
    admission.play(story)
    enrollment.play(story)
    attendees = session.play(story)
    safety.play(story, attendees)
    absence.play(story, attendees)
    readback.play(story, metrics=environment.metrics, traces=environment.traces)
    timeline.claim(
        "All processes are still running", not stack.ended(), seen=", ".join(stack.ended())
    )
    return story
