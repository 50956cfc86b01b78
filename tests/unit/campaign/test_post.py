"""The judge finds what it is there to find."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cli.servers import Mail
from tests.campaign.post import Arrival, Downtime, Post, early, lateness, wrong_steps

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WAIT = timedelta(seconds=5)
LADDER = ("one@haven.example", "two@haven.example", "all@haven.example")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def mail(page: str, recipient: str, seconds: float, case: str = "c-1") -> Mail:
    headers = {"Message-ID": page}
    return Mail(at(seconds), "a@b", (recipient,), "", headers, f"Call.\nReference: {case}\n")


def arrivals(*recipients: str) -> list[Arrival]:
    return [Arrival(f"m-{n}", each, at(5 * n)) for n, each in enumerate(recipients)]


def test_a_page_that_came_twice_is_one_page_and_a_copy() -> None:
    post = Post.of([mail("m-1", LADDER[0], 0), mail("m-1", LADDER[0], 1)])

    assert [each.page for each in post.cases["c-1"]] == ["m-1"]
    assert post.copies == 1


def test_other_mail_is_nobodys_case() -> None:
    other = Mail(NOON, "a@b", ("x@y",), "", {"Message-ID": "m-1"}, "You have a new message.")

    assert Post.of([other]).cases == {}


def test_a_case_that_went_up_the_whole_ladder_is_right() -> None:
    assert wrong_steps(arrivals(*LADDER, LADDER[2], LADDER[2]), LADDER) == []


def test_a_rung_that_was_left_out_is_found() -> None:
    assert wrong_steps(arrivals(LADDER[0], LADDER[2]), LADDER) == [f"{LADDER[1]} was woken 0 times"]


def test_a_rung_that_fired_twice_is_found() -> None:
    wrong = wrong_steps(arrivals(LADDER[0], LADDER[1], LADDER[1], LADDER[2]), LADDER)

    assert wrong == [f"{LADDER[1]} was woken 2 times"]


def test_a_ladder_that_ends_too_early_is_found() -> None:
    assert wrong_steps(arrivals(*LADDER[:2]), LADDER) == [f"{LADDER[2]} was never woken"]


def test_somebody_who_is_on_no_rung_is_found() -> None:
    assert wrong_steps(arrivals(*LADDER, "x@y"), LADDER) == ["x@y is not on the ladder"]


def test_a_rung_that_fired_before_its_time_is_found() -> None:
    woken = [Arrival("a", LADDER[0], at(0.1)), Arrival("b", LADDER[1], at(0.4))]

    found = early(woken, LADDER, pressed=NOON, wait=WAIT)

    assert found == [f"{LADDER[1]} was woken 4.6 s early"]


def test_a_case_whose_rungs_kept_their_time_is_right_however_often_the_last_one_fires() -> None:
    up = arrivals(*LADDER, LADDER[2])

    assert early(up, LADDER, pressed=NOON, wait=WAIT) == []


def test_a_page_is_late_by_what_it_came_after_its_rungs_time() -> None:
    late = [Arrival("a", LADDER[0], at(0)), Arrival("b", LADDER[1], at(6.5))]

    assert lateness(late, WAIT, []) == [1.5]


def test_lateness_counts_from_the_recovery_of_whoever_was_dead_then() -> None:
    late = [Arrival("a", LADDER[0], at(0)), Arrival("b", LADDER[1], at(9))]
    dead = [Downtime("crisis-relay", at(4), at(8.5)), Downtime("notify-api", at(1), at(2))]

    assert lateness(late, WAIT, dead) == [0.5]


def test_who_is_still_dead_when_the_page_comes_excuses_no_more_than_that() -> None:
    late = [Arrival("a", LADDER[0], at(0)), Arrival("b", LADDER[1], at(9))]

    assert lateness(late, WAIT, [Downtime("intake-api", at(4), at(20))]) == [0.0]
