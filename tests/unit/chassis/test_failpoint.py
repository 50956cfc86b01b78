"""Failpoints: a test can break a process at a named place, and nobody else can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis.errors import Unavailable
from chassis.failpoint import arm, failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """No point stays armed after a test."""
    yield
    arm("", environment="local")


def test_nothing_happens_where_nothing_is_armed() -> None:
    arm("", environment="production")
    failpoint("relay.after-confirm")


def test_an_armed_point_fails_on_its_first_passage_and_then_no_more() -> None:
    arm("relay.after-confirm=error", environment="local")
    with pytest.raises(Unavailable):
        failpoint("relay.after-confirm")
    failpoint("relay.after-confirm")


def test_a_point_can_wait_for_its_third_passage() -> None:
    arm("relay.after-confirm=error:3", environment="local")
    failpoint("relay.after-confirm")
    failpoint("relay.after-confirm")
    with pytest.raises(Unavailable):
        failpoint("relay.after-confirm")


def test_other_points_are_not_touched() -> None:
    arm("relay.after-confirm=error", environment="local")
    failpoint("store.after-commit")


def test_production_refuses_to_arm_one() -> None:
    with pytest.raises(AssertionError, match="HAVEN_ENV=local"):
        arm("relay.after-confirm=kill", environment="production")
    failpoint("relay.after-confirm")


def test_an_act_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AssertionError, match="unknown failpoint act"):
        arm("relay.after-confirm=explode", environment="local")
