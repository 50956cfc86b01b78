"""What people answer to their pages from a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from haven.notify.v1 import events_pb2 as notify_pb2
from prometheus_client import REGISTRY

from chassis.errors import InvalidArgument
from chassis.store import AlreadyDone
from services.crisis.codec import messages
from services.crisis.domain.commands import PageAnswer
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    """Dr. One was paged, and Dr. Two is next."""
    house = House().staffed()
    house.risk()
    return house


def answer(house: House, number: Any, *, recipient_id: str = "", **parts: Any) -> None:
    """Whoever was paged last answers."""
    page = house.pages[-1]
    house.hear(
        notify_pb2.PageAnswered(
            page_id=page.page_id,
            case_id=page.case_id,
            recipient_id=recipient_id or page.recipient_id,
            answer=number,
            channel="voice",
        ),
        **parts,
    )


def state(house: House) -> Any:
    (case,) = house.store.documents("cases")
    return case["state"], case["owner_id"]


def test_an_acknowledgement_takes_the_case_for_whoever_was_paged(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE)

    assert state(house) == ("acknowledged", "dr-one")


@pytest.mark.parametrize(
    "number", [notify_pb2.PAGE_ANSWER_DECLINE, notify_pb2.PAGE_ANSWER_ESCALATE]
)
def test_who_cannot_is_followed_by_the_next_one_at_once(house: House, number: Any) -> None:
    answer(house, number)

    assert house.woken == ["dr-one", "dr-two"]


def test_who_has_the_case_and_asks_for_more_people_keeps_it(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE)
    answer(house, notify_pb2.PAGE_ANSWER_ESCALATE)

    assert state(house) == ("acknowledged", "dr-one")
    assert house.woken == ["dr-one", "dr-two"]


def test_who_took_the_case_and_cannot_after_all_gives_it_back(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE)
    answer(house, notify_pb2.PAGE_ANSWER_DECLINE)

    assert state(house) == ("open", "")
    assert house.woken == ["dr-one", "dr-two"]


def test_the_supervisors_mailbox_takes_the_case_in_its_own_name(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE, recipient_id="supervisor-pool")

    (case,) = house.store.documents("cases")
    assert (case["owner_id"], case["owner_role"]) == ("supervisor-pool", "supervisor")


def test_a_roles_page_is_answered_in_the_name_of_the_role(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE, recipient_id="role:nurse")

    assert state(house) == ("acknowledged", "role:nurse")


@pytest.mark.parametrize("number", notify_pb2.PageAnswer.values()[1:])
def test_an_answer_that_is_too_late_is_noted_counted_and_done_with(
    house: House, number: Any
) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE)
    house.contact(house.only_case())
    house.resolve(house.only_case())
    before = late(number)
    answer(house, number, recipient_id="dr-two", event_id="e-late")

    assert late(number) == before + 1
    assert state(house)[0] == "resolved"
    with pytest.raises(AlreadyDone):
        answer(house, number, recipient_id="dr-two", event_id="e-late")


def test_a_decline_of_somebody_who_was_never_paged_changes_nothing(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_DECLINE, recipient_id="dr-stranger")

    assert (state(house), house.woken) == (("open", ""), ["dr-one"])


def late(number: Any) -> float:
    """How many answers of that kind came too late."""
    labels = {"answer": messages.PAGE_ANSWERS[number].value, "outcome": "late"}
    return REGISTRY.get_sample_value("haven_crisis_page_answers_total", labels) or 0


def test_an_answer_that_this_release_does_not_know_wakes_more_people(house: House) -> None:
    answer(house, 77)

    assert house.woken == ["dr-one", "dr-two"]


def test_the_second_acknowledgement_changes_nothing_and_is_done_with(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE)
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE, recipient_id="dr-two", event_id="e-2")

    assert state(house) == ("acknowledged", "dr-one")
    with pytest.raises(AlreadyDone):
        answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE, recipient_id="dr-two", event_id="e-2")


def test_an_answer_about_a_case_of_another_tenant_changes_nothing(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_ACKNOWLEDGE, tenant_id="harbor")

    assert state(house) == ("open", "")


def test_one_answer_has_one_effect_by_both_its_ways(house: House) -> None:
    answer(house, notify_pb2.PAGE_ANSWER_DECLINE, event_id="e-1")

    with pytest.raises(AlreadyDone):
        answer(house, notify_pb2.PAGE_ANSWER_DECLINE, event_id="e-1")
    assert house.woken == ["dr-one", "dr-two"]


@pytest.mark.parametrize("missing", ["page_id", "case_id", "recipient_id"])
def test_an_answer_without_its_key_is_parked_instead_of_guessed(missing: str) -> None:
    event = notify_pb2.PageAnswered(page_id="p", case_id="c", recipient_id="r")
    event.ClearField(missing)

    with pytest.raises(InvalidArgument) as refused:
        messages.page_answered(event)
    assert refused.value.reason == "EVENT_FIELD_MISSING"


def test_every_answer_of_the_wire_has_its_meaning() -> None:
    numbers = [number for number in notify_pb2.PageAnswer.values() if number]

    assert sorted(messages.PAGE_ANSWERS) == sorted(numbers)
    assert set(messages.PAGE_ANSWERS.values()) == set(PageAnswer)
