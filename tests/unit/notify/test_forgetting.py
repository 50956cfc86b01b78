"""What a self-drill left here goes with it, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2

from chassis.errors import InvalidArgument
from services.notify.domain.message import Channel
from tests.unit.notify.house import House

MAIL = Channel.EMAIL


@pytest.fixture
def house() -> House:
    return House().reached_by(MAIL)


def forgotten(house: House, *page_ids: str, case_id: str = "c-1", **parts: Any) -> None:
    """Crisis has removed a drill."""
    event = events_pb2.DrillForgotten(drill_id="d-1", case_id=case_id, page_ids=page_ids)
    house.hear(event, **parts)


def over(house: House, **parts: Any) -> str:
    """A page that was mailed and whose time has passed; its id."""
    page_id = house.page(**parts)
    house.time_passes()
    house.time_passes(minutes=6)
    return page_id


def stored(house: House) -> tuple[int, int, int]:
    """How many messages, links and cases there are."""
    counted = [len(house.store.documents(each)) for each in ("messages", "page_links", "cases")]
    return (counted[0], counted[1], counted[2])


def test_a_drills_messages_their_links_and_its_case_go(house: House) -> None:
    pages = [over(house), over(house)]
    house.acknowledged(version=3)
    assert stored(house) == (2, 2, 1)

    forgotten(house, *pages)

    assert stored(house) == (0, 0, 0)


def test_a_page_of_another_case_stays_whatever_is_said(house: House) -> None:
    other = over(house, case_id="c-2")
    before = stored(house)

    forgotten(house, other)

    assert stored(house) == before


def test_a_page_that_is_still_on_its_way_stays(house: House) -> None:
    page_id = house.page()

    forgotten(house, page_id)

    assert house.states == ["accepted"]


def test_told_again_or_of_what_never_was_it_changes_nothing(house: House) -> None:
    page_id, other = over(house), over(house, case_id="c-2")
    for _ in range(2):
        forgotten(house, page_id, "never-was")

    assert [each["page_id"] for each in house.messages] == [other]


def test_what_remains_is_still_conserved(house: House) -> None:
    page_id = over(house)
    over(house, case_id="c-2")
    forgotten(house, page_id)

    assert house.notify.queries.census("river").gap == 0


def test_an_event_without_a_case_is_refused(house: House) -> None:
    with pytest.raises(InvalidArgument):
        forgotten(house, case_id="")
