"""Operators see which rooms nobody leads, and whom a door holds, from what is stored."""

from __future__ import annotations

from typing import Any

from chassis.errors import Unavailable
from services.sessions.domain.commands import Lead
from services.sessions.domain.lobby import WaitReason
from services.sessions.timers import Census
from tests.unit.sessions.builders import NOON, after
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

NOBODY = {"held_rooms": 0, "held_patients": 0}


def shown(ward: Ward) -> dict[str, float]:
    families = Census(ward.store).collect()
    return {
        sample.name.removeprefix("haven_sessions_"): sample.value
        for family in families
        for sample in family.samples
    }


def held(ward: Ward) -> dict[str, float]:
    """How many rooms and patients."""
    return {name: value for name, value in shown(ward).items() if name in NOBODY}


def led() -> Ward:
    ward = Ward()
    ward.opens()
    ward.enters(by_facilitator(), "c-lead")
    ward.enters(by_patient("p-2"), "c-ben")
    return ward


def test_a_room_is_shown_from_the_loss_of_its_lead_until_somebody_leads_it() -> None:
    ward = led()
    assert held(ward) == NOBODY
    ward.pass_time(seconds=5)
    ward.leaves(by_facilitator(), "c-lead")
    ward.pass_time(minutes=3)
    ward.beats(by_patient("p-2"), "c-ben")
    ward.rings()
    assert shown(ward)["held_rooms"] == 1
    since = shown(ward)["oldest_held_room_timestamp_seconds"]
    assert since == after(seconds=5).timestamp()
    ward.enters(by_facilitator(), "c-again")
    assert shown(ward)["held_rooms"] == shown(ward)["oldest_held_room_timestamp_seconds"] == 0


def test_a_room_that_is_over_is_not_held() -> None:
    ward = led()
    ward.leaves(by_facilitator(), "c-lead")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert held(ward) == NOBODY


def test_a_patient_is_shown_while_the_door_holds_them_and_not_when_they_have_gone() -> None:
    ward = led()
    ward.moves("MD")
    assert ward.enters(by_patient(), "c-ana").wait_reason is WaitReason.HELD_FOR_LICENSE
    ward.pass_time(seconds=20)
    ward.beats(by_patient(), "c-ana")
    assert held(ward) == {**NOBODY, "held_patients": 1}
    assert shown(ward)["oldest_held_patient_timestamp_seconds"] == after(seconds=1).timestamp()
    ward.leaves(by_patient(), "c-ana")
    assert held(ward) == NOBODY


def test_who_waits_for_something_else_is_not_held() -> None:
    ward = Ward()
    ward.prepares()
    assert ward.enters(by_patient(), "c-ana").wait_reason is WaitReason.BEFORE_START
    assert held(ward) == NOBODY
    assert ward.clock.now() == NOON


def test_while_the_database_is_away_nothing_is_claimed() -> None:
    ward = led()

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    ward.store.timetable = away  # type: ignore[method-assign]
    assert shown(ward) == {}
