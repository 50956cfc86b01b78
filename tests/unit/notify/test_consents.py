"""Who took back the consent to be written to and signs again is written to again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.unit.notify.house import House

Arrives = Callable[[House], None]


def signed(version: int, *, scope: str = "messaging", patient_id: str = "p-1") -> Arrives:
    """A patient signs."""
    return lambda house: house.signed(scope, version=version, patient_id=patient_id)


def revoked(version: int) -> Arrives:
    """p-1 takes it back."""
    return lambda house: house.revoked("messaging", version=version)


def is_written_to(*news: Arrives) -> bool:
    """The news arrives in this order; then p-1 does not come to a session."""
    house = House()
    house.patient_contact("ana@mail.example")
    for arrives in news:
        arrives(house)
    house.absence()
    house.time_passes()
    return house.reached == ["ana@mail.example"]


@pytest.mark.parametrize("order", list(permutations([signed(1), revoked(2), signed(3)])))
def test_a_patient_who_signed_last_is_reminded_in_whatever_order_the_news_arrives(
    order: tuple[Arrives, ...],
) -> None:
    assert is_written_to(*order)


@pytest.mark.parametrize(
    "order", list(permutations([signed(1), revoked(2), signed(3), revoked(4)]))
)
def test_a_patient_who_revoked_last_is_left_alone_in_whatever_order_the_news_arrives(
    order: tuple[Arrives, ...],
) -> None:
    assert not is_written_to(*order)


def test_a_patient_who_signs_for_something_else_is_left_alone() -> None:
    assert not is_written_to(revoked(2), signed(3, scope="treatment"))


def test_a_patient_is_left_alone_whoever_else_signs() -> None:
    assert not is_written_to(revoked(2), signed(3, patient_id="p-2"))


@pytest.mark.parametrize(("revoked_version", "signed_version"), [(0, 0), (0, 5), (5, 0), (5, 5)])
def test_a_patient_whose_order_of_decisions_is_unknown_is_left_alone(
    revoked_version: int, signed_version: int
) -> None:
    assert not is_written_to(signed(signed_version), revoked(revoked_version))


def test_a_patient_whose_older_revocation_had_no_order_is_reminded_after_a_whole_new_round() -> (
    None
):
    assert is_written_to(revoked(0), revoked(4), signed(5))
