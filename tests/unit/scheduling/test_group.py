"""How large a group may be, and what being in it reveals."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import InvalidArgument
from services.scheduling.domain.group import GroupKind, Track
from services.scheduling.domain.policy import SchedulingPolicy
from tests.unit.scheduling.builders import POLICY, a_group, fields_of, reason_of


@pytest.mark.parametrize(
    ("kind", "capacity"),
    [
        (GroupKind.PROCESS, 3),
        (GroupKind.PROCESS, 10),
        (GroupKind.SKILLS, 12),
        (GroupKind.EDUCATION, 12),
    ],
)
def test_sizes_up_to_the_kinds_limit_are_accepted(kind: GroupKind, capacity: int) -> None:
    a_group(kind=kind, capacity=capacity).require_capacity(POLICY)


@pytest.mark.parametrize(
    ("kind", "capacity"),
    [
        (GroupKind.PROCESS, 2),
        (GroupKind.PROCESS, 11),
        (GroupKind.SKILLS, 13),
        (GroupKind.EDUCATION, 13),
    ],
)
def test_sizes_past_the_kinds_limit_are_refused(kind: GroupKind, capacity: int) -> None:
    with pytest.raises(InvalidArgument) as error:
        a_group(kind=kind, capacity=capacity).require_capacity(POLICY)
    assert reason_of(error) == "CAPACITY_OUT_OF_RANGE"
    assert fields_of(error) == [("capacity", "CAPACITY_OUT_OF_RANGE")]


def test_a_tenant_whose_payer_caps_groups_at_eight_gets_eight() -> None:
    strict = SchedulingPolicy(skills_capacity_max=8)
    with pytest.raises(InvalidArgument) as error:
        a_group(kind=GroupKind.SKILLS, capacity=9).require_capacity(strict)
    assert error.value.metadata == {"capacity_min": "3", "capacity_max": "8"}


@pytest.mark.parametrize(
    ("changes", "is_protected"),
    [
        ({"track": Track.SUBSTANCE_USE}, True),
        ({"track": Track.CO_OCCURRING}, True),
        ({"track": Track.MENTAL_HEALTH}, False),
    ],
)
def test_a_group_for_substance_use_is_protected_by_part_2(
    changes: dict[str, Any], is_protected: bool
) -> None:
    assert a_group(**changes).is_part2_protected is is_protected
