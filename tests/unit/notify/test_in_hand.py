"""A case in somebody's hand ends the pages that nobody needs any more, and no others."""

from __future__ import annotations

import pytest

from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    return House().reachable("dr-one")


def test_whom_an_owner_asked_in_addition_is_called_though_the_case_changes_hands(
    house: House,
) -> None:
    house.acknowledged(version=2)
    house.page(version=3)
    house.acknowledged(version=4, is_hand_over=True)
    house.time_passes()

    assert house.states == ["delivered"]


def test_a_page_from_before_the_case_was_taken_ends_also_after_it_changed_hands(
    house: House,
) -> None:
    house.page(version=1)
    house.acknowledged(version=4, is_hand_over=True)
    house.acknowledged(version=2)
    house.time_passes()

    assert house.states == ["withdrawn"]
