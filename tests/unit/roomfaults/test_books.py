"""The books of a room notice what may not happen to anybody."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from haven.sessions.v1 import resources_pb2 as resources

from tests.roomfaults.books import JOINED, LEFT, Seen, wrong_in, wrong_minutes

CHAT, STARTED = resources.ROOM_EVENT_KIND_CHAT, resources.ROOM_EVENT_KIND_SESSION_STARTED


def event(
    number: int, kind: resources.RoomEventKind.ValueType, alias: str = "", text: str = ""
) -> resources.RoomEvent:
    return resources.RoomEvent(number=number, kind=kind, alias=alias, text=text)


LOG = (
    event(1, STARTED),
    event(2, JOINED, "Fox"),
    event(3, JOINED, "Heron"),
    event(4, CHAT, "Fox", "good morning"),
)


def fox(events: Sequence[resources.RoomEvent] = LOG) -> Seen:
    return Seen("ana", "Fox", events, ["good morning"])


def heron(events: Sequence[resources.RoomEvent] = LOG) -> Seen:
    return Seen("ben", "Heron", events)


def test_where_everybody_saw_everything_once_nothing_is_wrong() -> None:
    assert wrong_in(4, [fox(), heron()]) == []


@pytest.mark.parametrize(
    "events",
    [
        [*LOG[:2], *LOG[3:]],  # a gap
        LOG[:3],  # the end is missing
        [*LOG, LOG[3]],  # twice
        [LOG[1], LOG[0], *LOG[2:]],  # out of order
        [*LOG[:3], event(4, CHAT, "Fox", "something else")],
    ],
)
def test_a_view_that_differs_from_the_log_or_from_the_others_is_told(
    events: list[resources.RoomEvent],
) -> None:
    (told,) = wrong_in(4, [fox(), heron(events)])
    assert told.startswith("ben")


@pytest.mark.parametrize(
    "tail",
    [
        [event(4, CHAT, "Fox", "nothing of that")],
        [LOG[3], event(5, CHAT, "Fox", "good morning")],
    ],
)
def test_what_was_said_must_be_there_once(tail: list[resources.RoomEvent]) -> None:
    log = [*LOG[:3], *tail]
    (told,) = wrong_in(len(log), [fox(log), heron(log)])
    assert told.startswith("ana said 'good morning' once")


@pytest.mark.parametrize("kind", [JOINED, LEFT])
def test_who_was_let_go_or_came_anew_has_lost_the_seat(
    kind: resources.RoomEventKind.ValueType,
) -> None:
    log = [*LOG, event(5, kind, "Heron")]
    (told,) = wrong_in(5, [fox(log), heron(log)])
    assert told.startswith("ben joined")


@pytest.mark.parametrize("counted", [49.0, 60.0, 61.0])
def test_minutes_may_be_off_by_a_heartbeat(counted: float) -> None:
    assert wrong_minutes("ana", counted, least=60.0, most=61.0) == []


@pytest.mark.parametrize("counted", [48.0, 62.0, 120.0])
def test_more_than_a_heartbeat_or_any_second_too_many_is_told(counted: float) -> None:
    assert wrong_minutes("ana", counted, least=60.0, most=61.0)
