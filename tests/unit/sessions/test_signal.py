"""What the person who pressed is told, whatever the order in which the case's steps arrive."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from chassis.errors import InvalidArgument
from services.sessions.domain.case import Case, Help
from services.sessions.domain.events import SafetySignalRaised
from services.sessions.domain.log import spoken
from services.sessions.domain.pace import Bucket
from tests.unit.sessions.builders import NOON, a_case, a_location, a_signal, after

STEPS: dict[str, Callable[[Case], None]] = {
    "opened": lambda case: case.open("sig-1", 1),
    "escalated": lambda case: case.escalate(2),
    "acknowledged": lambda case: case.acknowledge("supervisor", 3),
    "contacted": lambda case: case.contact(after(minutes=2), 4),
}


def test_a_signal_is_raised_with_the_place_where_the_patient_sits() -> None:
    (event,) = a_signal().events
    assert isinstance(event, SafetySignalRaised)
    assert (event.safety_signal_id, event.location) == ("sig-1", a_location().told())


def test_before_a_case_is_open_nobody_is_claimed_to_have_it() -> None:
    assert a_signal().help is Help.NOBODY_YET


@pytest.mark.parametrize(
    ("steps", "help_", "role"),
    [
        (("opened",), Help.SENT, ""),
        (("opened", "escalated"), Help.NOBODY_YET, ""),
        (("opened", "escalated", "acknowledged"), Help.HELD_BY_ROLE, "supervisor"),
        (tuple(STEPS), Help.HELD_BY_ROLE, "supervisor"),
    ],
)
def test_each_step_of_the_case_is_told(steps: tuple[str, ...], help_: Help, role: str) -> None:
    signal, case = a_signal(), a_case()
    for step in steps:
        STEPS[step](case)
        assert signal.follow(case)
    assert (signal.help, signal.holder_role) == (help_, role)


def test_the_order_in_which_steps_arrive_does_not_change_the_end() -> None:
    ends = set()
    for order in permutations(STEPS):
        signal, case = a_signal(), a_case()
        for step in order:
            STEPS[step](case)
        signal.follow(case)
        ends.add((signal.help, signal.holder_role, signal.contact_time, case.signal_ids))
    assert ends == {(Help.HELD_BY_ROLE, "supervisor", after(minutes=2), frozenset({"sig-1"}))}


def test_a_case_that_comes_back_is_told_as_nobody_again() -> None:
    signal, case = a_signal(), a_case()
    case.acknowledge("clinician", 3)
    case.escalate(5)
    signal.follow(case)
    assert (signal.help, signal.holder_role) == (Help.NOBODY_YET, "")


def test_a_signal_that_joins_a_case_somebody_has_is_held_at_once() -> None:
    signal, case = a_signal(), a_case()
    case.acknowledge("clinician", 3)
    case.open("sig-1", 7)
    signal.follow(case)
    assert (signal.help, signal.holder_role) == (Help.HELD_BY_ROLE, "clinician")


def test_a_contact_before_the_signal_is_no_answer_to_it() -> None:
    signal, case = a_signal(), a_case()
    case.contact(after(minutes=-30), 4)
    case.open("sig-1", 5)
    signal.follow(case)
    assert (signal.help, signal.contact_time) == (Help.SENT, None)


def test_who_has_it_is_a_clinician_even_before_the_acknowledgement_arrives() -> None:
    signal, case = a_signal(), a_case()
    case.contact(NOON, 4)
    signal.follow(case)
    assert (signal.help, signal.holder_role) == (Help.HELD_BY_ROLE, "clinician")


def test_no_news_is_not_told_again() -> None:
    signal, case = a_signal(), a_case()
    case.open("sig-1", 1)
    signal.follow(case)
    assert not signal.follow(case)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" \n", "TEXT_REQUIRED"), ("x" * 11, "TEXT_TOO_LONG"), ("a\x00b", "TEXT_MALFORMED")],
)
def test_what_cannot_be_said_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        spoken(text, 10)
    assert error.value.reason == reason


def test_a_text_of_the_greatest_length_is_said_as_it_is() -> None:
    assert spoken("tenletters", 10) == "tenletters"


def test_a_participant_may_burst_and_then_keeps_the_pace() -> None:
    bucket = Bucket(2, 0.5, now=0.0)
    assert [bucket.take(at) for at in (0.0, 0.0, 0.0, 1.0, 2.0, 2.0)] == [
        True, True, False, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("is_late", [True, False])
def test_a_signal_after_contact_finds_the_case_open_again_in_either_order(is_late: bool) -> None:
    signal, case = a_signal(), a_case()
    steps = [lambda: case.contact(after(minutes=-5), 4), lambda: case.open("sig-1", 6)]
    for step in reversed(steps) if is_late else steps:
        step()
    signal.follow(case)
    assert (signal.help, signal.holder_role) == (Help.SENT, "")


def test_a_signal_that_joins_a_case_that_nobody_answers_is_not_told_otherwise() -> None:
    signal, case = a_signal(), a_case()
    case.escalate(3)
    case.open("sig-1", 4)
    signal.follow(case)
    assert signal.help is Help.NOBODY_YET
