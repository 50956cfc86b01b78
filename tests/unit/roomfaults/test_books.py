"""The books of a room notice what may not happen to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from haven.sessions.v1 import resources_pb2 as resources

from tests.roomfaults.books import (
    JOINED,
    LEFT,
    SILENCE,
    Seen,
    Span,
    losses_in,
    wrong_in,
    wrong_minutes,
)

CHAT, STARTED = resources.ROOM_EVENT_KIND_CHAT, resources.ROOM_EVENT_KIND_SESSION_STARTED
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)  # when everybody came
NOON = TEN + timedelta(hours=2)
INSTANT = timedelta(milliseconds=1)


def event(
    number: int,
    kind: resources.RoomEventKind.ValueType,
    alias: str = "",
    text: str = "",
    at: datetime = TEN,
) -> resources.RoomEvent:
    made = resources.RoomEvent(number=number, kind=kind, alias=alias, text=text)
    made.create_time.FromDatetime(at)
    return made


LOG = (
    event(1, STARTED),
    event(2, JOINED, "Fox"),
    event(3, JOINED, "Heron"),
    event(4, CHAT, "Fox", "good morning"),
)


def fox(events: Sequence[resources.RoomEvent] = LOG) -> Seen:
    return Seen("ana", "Fox", events, ["good morning"], [(TEN, NOON)])


def heron(
    events: Sequence[resources.RoomEvent] = LOG, heard: Sequence[Span] = ((TEN, NOON),)
) -> Seen:
    return Seen("ben", "Heron", events, heard=heard)


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


@pytest.mark.parametrize("kinds", [[JOINED], [LEFT], [LEFT, LEFT, JOINED]])
def test_who_came_twice_or_was_let_go_for_good_has_lost_the_seat(
    kinds: list[resources.RoomEventKind.ValueType],
) -> None:
    late = NOON + SILENCE
    log = [*LOG, *(event(at, kind, "Heron", at=late) for at, kind in enumerate(kinds, start=5))]
    (told,) = wrong_in(len(log), [fox(log), heron(log, [(TEN, NOON), (late, late)])])
    assert told.startswith("ben came and went")


def lost_and_back(left: datetime, back: datetime) -> list[resources.RoomEvent]:
    return [*LOG, event(5, LEFT, "Heron", at=left), event(6, JOINED, "Heron", at=back)]


def test_who_was_silent_for_too_long_may_be_taken_for_lost_and_is_counted() -> None:
    left, back = NOON + SILENCE, NOON + 2 * SILENCE
    log = lost_and_back(left, back)
    views = [fox(log), heron(log, [(TEN, NOON), (back, back)])]
    assert wrong_in(6, views) == []
    assert losses_in(views) == 1
    assert losses_in(views[:1]) == 0  # of somebody who is not asked about


@pytest.mark.parametrize("left", [TEN + INSTANT, NOON, NOON + SILENCE - INSTANT])
def test_who_was_heard_shortly_before_may_not_be_taken_for_lost(left: datetime) -> None:
    back = NOON + 2 * SILENCE
    log = lost_and_back(left, back)
    (told,) = wrong_in(6, [fox(log), heron(log, [(TEN, NOON), (back, back)])])
    assert told.startswith("ben left")


def test_nobody_comes_in_unheard() -> None:
    log = lost_and_back(NOON + SILENCE, NOON + 2 * SILENCE)
    (told,) = wrong_in(6, [fox(log), heron(log)])
    assert told.startswith("ben joined")


@pytest.mark.parametrize("counted", [49.0, 60.0, 61.0])
def test_minutes_may_be_off_by_a_heartbeat(counted: float) -> None:
    assert wrong_minutes("ana", counted, least=60.0, most=61.0) == []


@pytest.mark.parametrize("counted", [48.0, 62.0, 120.0])
def test_more_than_a_heartbeat_or_any_second_too_many_is_told(counted: float) -> None:
    assert wrong_minutes("ana", counted, least=60.0, most=61.0)
