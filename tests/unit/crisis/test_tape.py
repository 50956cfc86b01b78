"""What was committed is kept in order, as long as there is room, and nothing that is gone is
passed over in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition, OutOfRange
from chassis.store.feed import Place
from services.crisis.codec.board import Cursors
from services.crisis.live.tape import Entry, Tape

BEGIN = Place(100, 0, -1)


def entry(place: Place, case_id: str = "c-1", version: int = 1) -> Entry:
    return Entry(place, case_id, "p-1", version, True, lambda: None)


def read(tape: Tape, tenant_id: str, after: Place) -> list[Place]:
    strip = tape.strip(tenant_id)
    number = strip.after(after)
    return [found.place for found in strip.some(number, 100)]


def test_a_place_that_fell_off_is_too_old_and_one_that_is_kept_is_not() -> None:
    tape = Tape(BEGIN, limit=2)
    for second in (101, 102, 103):
        tape.add("river", entry(Place(second, 1, 0)))

    assert read(tape, "river", Place(101, 1, 0)) == [Place(102, 1, 0), Place(103, 1, 0)]
    with pytest.raises(OutOfRange) as refused:
        read(tape, "river", Place(101, 0, 0))
    assert refused.value.reason == "CURSOR_TOO_OLD"


def test_what_fell_off_of_one_tenant_is_nothing_to_another() -> None:
    tape = Tape(BEGIN, limit=1)
    tape.add("river", entry(Place(101, 1, 0)))
    tape.add("river", entry(Place(102, 1, 0)))

    assert read(tape, "harbor", BEGIN) == []


def test_a_place_before_the_beginning_is_too_old() -> None:
    with pytest.raises(OutOfRange):
        read(Tape(BEGIN, limit=10), "river", Place(99, 0, 0))


def test_a_place_that_no_replica_can_have_reached_is_foreign() -> None:
    tape = Tape(BEGIN, limit=10)
    tape.refuse_ahead(Place(130, 0, 0))

    with pytest.raises(FailedPrecondition) as refused:
        tape.refuse_ahead(Place(1_000, 0, 0))

    assert refused.value.reason == "CURSOR_FOREIGN"


def test_a_quiet_tape_moves_on_and_never_back() -> None:
    tape = Tape(BEGIN, limit=10)
    tape.reach(Place(200, 0, -1))
    tape.reach(Place(150, 0, -1))

    assert tape.end == Place(200, 0, -1)


places = st.lists(
    st.tuples(st.integers(101, 120), st.integers(0, 3), st.integers(0, 3)).map(
        lambda parts: Place(*parts)
    ),
    unique=True,
    max_size=40,
)


@given(places, st.lists(st.sampled_from(["river", "harbor"]), min_size=40), st.integers(1, 40))
def test_from_any_place_a_tenant_reads_all_that_came_after_or_is_refused(
    written: Any, tenants: Any, limit: Any
) -> None:
    tape = Tape(BEGIN, limit=limit)
    mine = []
    for place, tenant_id in zip(sorted(written), tenants, strict=False):
        tape.add(tenant_id, entry(place))
        if tenant_id == "river":
            mine.append(place)

    for place in (BEGIN, *sorted(written)):
        expected = [each for each in mine if each > place]
        try:
            assert read(tape, "river", place) == expected
        except OutOfRange:
            assert len(written) > limit


@given(places)
def test_a_cursor_opens_where_it_was_made_and_nowhere_else(written: Any) -> None:
    cursors = Cursors("crisis/one", "river")
    for place in written:
        text = cursors.text(place)
        assert cursors.place(text) == place
        for other in (Cursors("crisis/one", "harbor"), Cursors("crisis/two", "river")):
            with pytest.raises(FailedPrecondition):
                other.place(text)


@pytest.mark.parametrize(
    "text", ["", "x", "bnVsbA==", "WzEsMiwzLDRd", "W10=", "é", "W1sxXSwyLDMsNCwieCJd"]
)
def test_any_other_text_is_foreign(text: str) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        Cursors("crisis/one", "river").place(text)

    assert refused.value.reason == "CURSOR_FOREIGN"
