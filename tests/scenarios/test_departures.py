"""Across all services: who calls for help in a live room and goes is looked for by more people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from haven.crisis.v1 import crisis_pb2
from haven.crisis.v1 import resources_pb2 as crisis
from haven.sessions.v1 import events_pb2 as sessions

from cli.demo.attendee import Attendee
from cli.demo.cast import SUPERVISOR, Story, email_of
from cli.demo.chapters import admission, enrollment, prologue, referral, screening, session
from cli.demo.timeline import Timeline
from cli.demo.world import World
from cli.environment import Uris
from cli.stack import Stack
from tests.waiting import eventually

PATIENT = "second-patient"
LEFT, ESCALATED = crisis.CASE_ACT_KIND_PATIENT_LEFT, crisis.CASE_ACT_KIND_ESCALATED


@pytest.fixture(scope="module")
def stack(server_folder: Path) -> Iterator[Stack]:
    """The platform on servers of its own."""
    more = {"HAVEN_CRISIS_DRILLS": "false"}
    with Stack(server_folder / "departures", given=Uris(), more=more) as running:
        yield running
        running.abandon()


@pytest.fixture(scope="module")
def story(stack: Stack) -> Story:
    """The story up to a live room, with a first rung that waits longer than any test lasts."""
    assert stack.smtp is not None
    world = World(stack.environment.addresses, stack.environment.issuer)
    told = Story(world, Timeline(patience=60), stack.smtp, rung_seconds=600)
    for chapter in (prologue, referral, screening, admission, enrollment):
        chapter.play(told)
    return told


@pytest.fixture(scope="module")
def room(story: Story) -> dict[str, Attendee]:
    """Who is in the live room."""
    return session.play(story)


def test_who_calls_for_help_and_leaves_wakes_the_next_people_at_that_instant(
    story: Story, room: dict[str, Attendee]
) -> None:
    patient, lead = room[PATIENT], room["facilitator"]
    pages = len(story.mails_to(email_of("second")))
    patient.call_for_help()
    eventually(lambda: patient.told() and patient.told()[-1] == "SENT", within=60)
    patient.leave()

    (gone,) = eventually(
        lambda: [each for each in lead.private if each.HasField("departure")], within=60
    )
    assert gone.safety_signal.patient_id == patient.person.subject
    assert gone.departure.kind == sessions.DEPARTURE_KIND_LEFT
    eventually(lambda: len(story.mails_to(email_of("second"))) > pages, within=60)
    acts = _acts(story, patient.person.subject)
    kinds = [act.kind for act in acts]
    assert (kinds.count(LEFT), kinds.count(ESCALATED)) == (1, 1)
    # In one transaction with the departure, not when the rung's ten minutes were over.
    assert acts[kinds.index(ESCALATED)].act_time == acts[kinds.index(LEFT)].act_time
    assert not room["first"].private


def _acts(story: Story, patient_id: str) -> list[Any]:
    """The timeline of the patient's open case."""
    asked = crisis_pb2.ListCasesRequest(patient_id=patient_id)
    (case,) = [
        each
        for each in story.world.ask(SUPERVISOR, asked).cases
        if each.state != crisis.CASE_STATE_RESOLVED
    ]
    return list(story.world.ask(SUPERVISOR, crisis_pb2.GetCaseRequest(case_id=case.case_id)).acts)
