"""Who helps to lead a session is known to its room, with where they may treat."""

from __future__ import annotations

from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as wire

from chassis.errors import FailedPrecondition, NotFound
from services.scheduling.domain import commands
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.session import Session
from tests.fakes.memory_store import MemoryStore
from tests.unit.scheduling.builders import reason_of
from tests.unit.scheduling.world import World


def helped(world: World, session_id: str, *clinicians: Clinician) -> Session:
    ids = tuple(each.id for each in clinicians)
    command = commands.AssignCoFacilitators(session_id, ids)
    return world.scheduling.sessions.assign_co_facilitators(world.call(), command)


def told(store: MemoryStore) -> list[tuple[str, list[str]]]:
    """Who helps and where they may treat, as the room heard last."""
    event: Any = store.emitted(wire.SessionScheduled)[-1]
    return [(each.clinician_id, list(each.states)) for each in event.co_facilitators]


def test_the_room_hears_who_helps_in_their_order_and_where_they_may_treat(
    world: World, store: MemoryStore
) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    second, first = world.clinician("VA"), world.clinician("NC", "VA")
    session = helped(world, session_id, first, second)
    assert [each.clinician_id for each in session.co_facilitators] == [first.id, second.id]
    assert told(store) == [(first.id, ["NC", "VA"]), (second.id, ["VA"])]
    assert world.session(session_id).co_facilitators == session.co_facilitators


def test_a_license_that_ends_is_told_of_whoever_helps(world: World, store: MemoryStore) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    helping = world.clinician("VA", "NC")
    helped(world, session_id, helping)
    world.revoke(world.scheduling.queries.clinician(world.look(), helping.id), "VA")
    assert told(store) == [(helping.id, ["NC"])]


def test_nobody_named_means_nobody_helps(world: World, store: MemoryStore) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    helped(world, session_id, world.clinician("VA"))
    assert helped(world, session_id).co_facilitators == ()
    assert told(store) == []


def test_who_leads_it_does_not_help_in_it(world: World) -> None:
    lead = world.clinician("VA")
    session_id = world.series(lead).session_ids[0]
    with pytest.raises(FailedPrecondition) as error:
        helped(world, session_id, lead)
    assert reason_of(error) == "CO_FACILITATOR_LEADS"


def test_who_helps_and_takes_it_over_leads_it_and_helps_no_more(world: World) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    helping = world.clinician("VA")
    helped(world, session_id, helping)
    session = world.substitute(session_id, helping)
    assert (session.facilitator_id, session.co_facilitators) == (helping.id, ())


def test_who_leads_another_session_at_that_time_cannot_help(world: World) -> None:
    busy = world.clinician("VA")
    world.series(busy)
    session_id = world.series(world.clinician("VA")).session_ids[0]
    with pytest.raises(FailedPrecondition) as error:
        helped(world, session_id, busy)
    assert reason_of(error) == "FACILITATOR_BUSY"


def test_a_canceled_session_needs_nobody(world: World) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    world.cancel(session_id)
    with pytest.raises(FailedPrecondition) as error:
        helped(world, session_id, world.clinician("VA"))
    assert reason_of(error) == "SESSION_NOT_OPEN"


def test_an_unknown_clinician_is_refused(world: World) -> None:
    session_id = world.series(world.clinician("VA")).session_ids[0]
    command = commands.AssignCoFacilitators(session_id, ("nobody",))
    with pytest.raises(NotFound):
        world.scheduling.sessions.assign_co_facilitators(world.call(), command)
