"""Something waits: patients and staff hear of it, and nobody who reads along learns what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import InvalidArgument
from services.notify.domain.template import TASK, template
from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    made = House().reachable("f-1", "supervisor-pool")
    made.patient_contact("ana@home.example")
    return made


def reminded(house: House, reminder_id: str = "r-1") -> None:
    """p-1 has not handed something in that is due in two hours."""
    event = sessions.AssignmentReminderRequested(
        reminder_id=reminder_id, assignment_id="a-1", patient_id="p-1"
    )
    event.expire_time.FromDatetime(house.clock.now() + timedelta(hours=2))
    house.hear(event)


def opened(house: House, number: int = 1, **parts: Any) -> None:
    """Staff are asked to look at a post within four hours."""
    values = {"board_report_id": "b-1", "recipient_id": "f-1", "open_count": number, **parts}
    event = sessions.BoardReportOpened(**values)
    event.due_time.FromDatetime(house.clock.now() + timedelta(hours=4))
    house.hear(event)


def missed(house: House, number: int = 1) -> None:
    """Nobody has."""
    event = sessions.BoardReportMissed(
        board_report_id="b-1", recipient_id="supervisor-pool", escalation_count=number
    )
    event.miss_time.FromDatetime(house.clock.now())
    house.hear(event)


def test_a_patient_is_reminded_once_however_often_it_is_heard(house: House) -> None:
    for _ in range(3):
        reminded(house)
    house.time_passes()
    assert house.reached == ["ana@home.example"]


def test_a_reminder_whose_time_is_over_does_not_leave(house: House) -> None:
    reminded(house)
    house.time_passes(hours=3)
    assert house.reached == []


def test_who_leads_a_group_hears_of_each_opening_once(house: House) -> None:
    for number in (1, 1, 2, 1):
        opened(house, number)
    house.time_passes()
    assert house.reached == ["f-1@staff.example"] * 2


def test_the_supervisors_hear_each_time_that_nobody_looked(house: House) -> None:
    for number in (1, 2, 2):
        missed(house, number)
    house.time_passes()
    assert house.reached == ["supervisor-pool@staff.example"] * 2


def test_the_wording_names_nobody_and_nothing() -> None:
    subject, text = template(TASK).render({})
    wording = f"{subject} {text}".lower()
    assert not any(word in wording for word in ("assign", "homework", "board", "post", "report"))


def test_a_word_without_its_key_is_parked_instead_of_guessed(house: House) -> None:
    for act in (lambda: reminded(house, ""), lambda: opened(house, board_report_id="")):
        with pytest.raises(InvalidArgument):
            act()
