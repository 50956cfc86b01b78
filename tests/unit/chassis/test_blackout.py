"""A lease remembers when the database answered nobody: what was not heard then may be heard yet."""

from __future__ import annotations

from typing import Any

import pytest

from chassis import lease as module
from chassis.lease import BLACKOUT_SECONDS, Lease

AWAY_SECONDS, ALLOWANCE_SECONDS = 40.0, 15.0


class Watch:
    """A monotonic clock that the test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(module, "time", made)
    return made


def a_lease() -> Lease:
    nobody: Any = None
    return Lease(nobody, "job", ttl=1.5)


def answered(lease: Lease, watch: Watch, *, after: float) -> None:
    """The database says that it is ours, so long after what was before."""
    watch.now += after
    lease.answered(watch.now, is_granted=True)


def after_a_blackout(watch: Watch) -> Lease:
    lease = a_lease()
    answered(lease, watch, after=0.0)
    answered(lease, watch, after=AWAY_SECONDS)
    return lease


def test_who_has_just_begun_excuses_nothing(watch: Watch) -> None:
    lease = a_lease()
    assert not lease.excuses(0.0, ALLOWANCE_SECONDS)
    answered(lease, watch, after=AWAY_SECONDS)
    assert not lease.excuses(0.0, ALLOWANCE_SECONDS)


def test_a_database_that_answers_is_no_excuse(watch: Watch) -> None:
    lease = a_lease()
    for _ in range(3):
        answered(lease, watch, after=BLACKOUT_SECONDS)
    assert not lease.excuses(0.0, ALLOWANCE_SECONDS)


@pytest.mark.parametrize(("late", "is_excused"), [(0.0, True), (39.0, True), (41.0, False)])
def test_what_became_due_in_a_blackout_is_excused_and_nothing_older(
    watch: Watch, late: float, *, is_excused: bool
) -> None:
    assert after_a_blackout(watch).excuses(late, ALLOWANCE_SECONDS) is is_excused


def test_the_excuse_ends(watch: Watch) -> None:
    lease = after_a_blackout(watch)
    for passed in range(1, 15):
        answered(lease, watch, after=1.0)
        assert lease.excuses(20.0 + passed, ALLOWANCE_SECONDS)
    answered(lease, watch, after=1.0)
    assert not lease.excuses(35.0, ALLOWANCE_SECONDS)


def test_while_the_database_is_away_nobody_can_be_heard(watch: Watch) -> None:
    lease = a_lease()
    answered(lease, watch, after=0.0)
    watch.now += BLACKOUT_SECONDS + 0.1
    assert lease.excuses(AWAY_SECONDS, ALLOWANCE_SECONDS)


def test_one_who_did_not_want_the_job_for_a_while_was_not_without_an_answer(watch: Watch) -> None:
    lease = a_lease()
    answered(lease, watch, after=0.0)
    lease.forget()
    answered(lease, watch, after=AWAY_SECONDS)
    assert not lease.excuses(0.0, ALLOWANCE_SECONDS)
