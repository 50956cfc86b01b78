"""Who may speak is not read for every word, and nobody speaks a word longer than they may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition
from chassis.store.engine import Rows
from services.sessions.domain.commands import Lead, Moderate
from services.sessions.domain.log import RoomEvent
from services.sessions.domain.moderation import Act
from services.sessions.domain.presence import Voice
from services.sessions.domain.roles import Role
from services.sessions.handlers.lots import FLOOR_SECONDS, FLOORS, Floor, Floors
from services.sessions.ports import Head
from tests.unit.sessions.test_talk import OTHER_ROOM, a_group, heard, opens_another_room, saying
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient


@pytest.fixture
def ward() -> Ward:
    return a_group()


def says(ward: Ward, text: str, by: str = "p-1", session_id: str = "s-1") -> RoomEvent | Exception:
    (outcome,) = ward.sessions.lots.say([saying(by_patient(by), text, session_id=session_id)])
    return outcome


def reason(outcome: RoomEvent | Exception) -> str:
    assert isinstance(outcome, FailedPrecondition), outcome
    return outcome.reason


class Reads:
    """The collections that a store's transactions read, in their order."""

    def __init__(self, ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        transact = ward.store.engine.transact

        def watched(deadline: Deadline, body: Callable[[Rows], Any]) -> Any:
            return transact(deadline, lambda rows: body(self._over(rows)))

        monkeypatch.setattr(ward.store.engine, "transact", watched)

    def _over(self, rows: Rows) -> Any:
        find, seen = rows.find, self.seen

        class Watched:
            def find(self, collection: str, *args: Any, **kwargs: Any) -> Any:
                seen.append(collection)
                return find(collection, *args, **kwargs)

            def __getattr__(self, name: str) -> Any:
                return getattr(rows, name)

        return Watched()


def test_who_speaks_again_in_a_room_that_only_spoke_is_not_looked_up_again(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(ward, monkeypatch)
    says(ward, "one")
    assert sorted(reads.seen) == ["participants", "room_logs", "sessions"]
    says(ward, "two")
    says(ward, "three")
    assert len(reads.seen) == 3
    assert heard(ward) == ["one", "two", "three"]


def test_who_speaks_there_for_the_first_time_is_looked_up_and_nobody_else_is(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(ward, "one")
    reads = Reads(ward, monkeypatch)
    says(ward, "two", by="p-2")
    assert sorted(reads.seen) == ["participants", "sessions"]
    says(ward, "three")
    says(ward, "four", by="p-2")
    assert len(reads.seen) == 2
    assert heard(ward) == ["one", "two", "three", "four"]


def mutes(ward: Ward) -> None:
    ward.sessions.moderating.moderate(
        by_facilitator(), Moderate("s-1", Act.MUTE, "Blue Heron 4", "")
    )


def removes(ward: Ward) -> None:
    ward.sessions.moderating.moderate(
        by_facilitator(), Moderate("s-1", Act.REMOVE, "Blue Heron 4", "")
    )


def bars(ward: Ward) -> None:
    ward.sessions.moderating.moderate(
        by_facilitator(), Moderate("s-1", Act.BAR, "Blue Heron 4", "")
    )


def ends(ward: Ward) -> None:
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))


def overruns(ward: Ward) -> None:
    ward.pass_time(hours=4)
    ward.rings(only="session-overruns")


def moves(ward: Ward) -> None:
    """To a state in which nobody here may treat them."""
    ward.moves("MD")
    ward.enters(by_patient("p-1"))


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (mutes, "MUTED"),
        (removes, "NOT_ADMITTED"),
        (bars, "NOT_ADMITTED"),
        (ends, "SESSION_ENDED"),
        (overruns, "SESSION_ENDED"),
        (moves, "NOT_ADMITTED"),
    ],
)
def test_whoever_may_speak_no_longer_is_refused_with_their_next_word(
    ward: Ward, happens: Callable[[Ward], None], told: str
) -> None:
    says(ward, "good morning")
    happens(ward)
    assert reason(says(ward, "and more")) == told
    assert heard(ward) == ["good morning"]


def test_who_was_muted_and_may_speak_again_is_heard_again(ward: Ward) -> None:
    says(ward, "one")
    mutes(ward)
    says(ward, "not heard")
    unmute = Moderate("s-1", Act.UNMUTE, "Blue Heron 4", "")
    ward.sessions.moderating.moderate(by_facilitator(), unmute)
    says(ward, "two")
    assert heard(ward) == ["one", "two"]


def test_what_another_replica_stored_meanwhile_keeps_its_number(ward: Ward) -> None:
    says(ward, "one")
    ward.says(by_patient("p-2"), "two")
    third = says(ward, "three")
    assert isinstance(third, RoomEvent)
    assert heard(ward) == ["one", "two", "three"]
    assert third.number == ward.room()[-1].number


def test_a_room_that_moved_on_holds_up_no_other_of_its_lot(ward: Ward) -> None:
    opens_another_room(ward)
    lot = [
        [saying(by_patient("p-1"), text), saying(by_patient("p-1"), text, session_id=OTHER_ROOM)]
        for text in ("one", "two")
    ]
    ward.sessions.lots.say(lot[0])
    mutes(ward)
    muted, said = ward.sessions.lots.say(lot[1])
    assert reason(muted) == "MUTED"
    assert isinstance(said, RoomEvent)
    assert (heard(ward), heard(ward, OTHER_ROOM)) == (["one"], ["one", "two"])


def test_a_hand_in_the_database_is_noticed_within_seconds(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody muted a participant by hand and did not touch the room's log."""
    says(ward, "one")
    rows = ward.store.engine.tables["participants"].values()
    (place,) = [row for row in rows if row["person_id"] == "p-1"]
    place["is_muted"] = True
    now = ward.sessions.lots._floors.now() + FLOOR_SECONDS
    monkeypatch.setattr(ward.sessions.lots._floors, "_monotonic", lambda: now)
    assert reason(says(ward, "two")) == "MUTED"


def a_floor() -> Floor:
    return Floor(Head({}), {"p-1": Voice("Blue Heron 4", Role.PATIENT, "p-1")}, 0.0)


def test_of_many_rooms_those_that_spoke_last_are_kept() -> None:
    floors = Floors(monotonic=lambda: 0.0)
    for number in range(FLOORS + 10):
        floors.keep("t-1", {f"s-{number}": a_floor()})
    assert len(floors._known) == FLOORS
    assert not floors.take("t-1", ["s-9"])
    assert floors.take("t-1", ["s-10"])
    assert not floors.take("t-1", ["s-10"]), "whoever takes it has it alone"
    assert not floors.take("t-2", ["s-11"]), "of another tenant"
