"""Many come, ask for tickets and go at once: each as if they had been alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from chassis.call import Call, RequestOnce
from chassis.errors import HavenError
from services.sessions.domain.commands import Connected, Enter, Lead
from services.sessions.handlers import doors, presence, tickets
from tests.crowd import Crowd
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

PATIENTS = tuple(f"p-{number}" for number in range(1, 5))
ROOMS = ("s-1", "s-2")


class Rush:
    """People who do the same thing while somebody else's is being committed."""

    def __init__(self, ward: Ward, crowd: Crowd) -> None:
        self.ward, self.crowd = ward, crowd
        self._pool = ThreadPoolExecutor(8)

    def at_once(self, company: str, *acts: Callable[[], Any]) -> list[Any]:
        """What each came to: a result, or the error."""
        with self.crowd.while_one_is_committed(queue=company, event_id=str(uuid4())):
            going = []
            for number, act in enumerate(acts, start=1):
                going.append(self._pool.submit(act))
                self.crowd.waiting(number, company)
            self.crowd.transactions = 0
        return [_outcome(each) for each in going]

    def entering(self, call: Call, session_id: str, ticket: str) -> Callable[[], Any]:
        """Somebody with a ticket before a door."""
        command = Enter(session_id, f"c-{call.actor.subject}", 0, None, join_ticket=ticket)
        return lambda: self.ward.sessions.doors.enter(call, command)

    def close(self) -> None:
        """All threads have ended."""
        self._pool.shutdown()
        self.crowd.close()


def _outcome(going: Future[Any]) -> Any:
    return going.exception(20) or going.result()


@pytest.fixture
def rush(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rush]:
    """Two open rooms of one program; nobody but who leads is in them."""
    ward = Ward()
    for room in ROOMS:
        ward.schedules(session_id=room, patient_ids=[*PATIENTS])
        ward.sessions.rooms.start(by_facilitator(), Lead(room))
    for patient_id in PATIENTS:
        ward.names(patient_id, f"Heron {patient_id}")
        ward.attests(patient_id)
    rush = Rush(ward, Crowd(ward.store, monkeypatch))
    for room in ROOMS:
        rush.entering(by_facilitator(), room, ward.ticket(by_facilitator(), room))()
    yield rush
    rush.close()


def room_of(patient_id: str) -> str:
    return ROOMS[PATIENTS.index(patient_id) % 2]


def the_patients(rush: Rush) -> list[Callable[[], Any]]:
    """All of them, each before the door of a room, two to a room."""
    return [
        rush.entering(by_patient(id), room_of(id), rush.ward.ticket(by_patient(id), room_of(id)))
        for id in PATIENTS
    ]


def came_to(ward: Ward, session_id: str) -> list[str]:
    events = ward.sessions.room_log.after(a_call("p-1").tenant_id, session_id, 0, 100)
    assert [each.number for each in events] == list(range(1, len(events) + 1))
    return [each.alias for each in events if each.kind.name == "JOINED"]


def test_who_comes_to_several_doors_at_once_comes_in_with_one_transaction(rush: Rush) -> None:
    admissions = rush.at_once(doors.COMPANY, *the_patients(rush))

    assert [each.alias for each in admissions] == [f"Heron {id}" for id in PATIENTS]
    assert [each.joined.number for each in admissions] == [each.room_head for each in admissions], (
        "each hears of what comes after their own coming"
    )
    for number, room in enumerate(ROOMS):
        assert came_to(rush.ward, room)[1:] == [f"Heron {id}" for id in PATIENTS[number::2]]
    assert rush.crowd.transactions == 2, "who came before, then all of them"


def test_who_comes_second_meets_who_came_in_with_the_same_transaction(rush: Rush) -> None:
    ward = rush.ward
    acts = [
        rush.entering(by_patient(id), "s-1", ward.ticket(by_patient(id), "s-1")) for id in PATIENTS
    ]

    admissions = rush.at_once(doors.COMPANY, *acts)

    assert [len(each.companions) for each in admissions] == [2, 3, 4, 5]
    assert came_to(ward, "s-1")[1:] == [f"Heron {id}" for id in PATIENTS]


def test_who_may_not_come_in_is_refused_and_keeps_nobody_outside(rush: Rush) -> None:
    used = rush.ward.ticket(by_patient(), "s-1")
    stranger = rush.entering(by_patient("p-9"), "s-1", "")
    unknown = rush.entering(by_patient("p-2"), "s-2", "x" * 64)
    twice = [rush.entering(by_patient(), "s-1", used)] * 2

    outcomes = rush.at_once(doors.COMPANY, *the_patients(rush)[2:], stranger, unknown)
    reasons = [each.reason for each in outcomes if isinstance(each, HavenError)]
    again = rush.at_once(doors.COMPANY, *twice)

    assert [each.alias for each in outcomes[:2]] == ["Heron p-3", "Heron p-4"]
    assert reasons == ["NOT_FOUND", "TICKET_UNKNOWN"]
    assert sorted(getattr(each, "reason", "in") for each in again) == ["TICKET_USED", "in"]


def test_tickets_that_are_asked_for_at_once_are_each_ones_own(rush: Rush) -> None:
    ward = rush.ward

    def asking(patient_id: str) -> Callable[[], Any]:
        once = RequestOnce(str(uuid4()), "CreateJoinTicket", b"", bytes)
        call = replace(by_patient(patient_id), once=once)
        return lambda: ward.sessions.tickets.create(call, Lead("s-1"))

    outcomes = rush.at_once(tickets.COMPANY, *map(asking, [*PATIENTS, "p-9"]))

    assert rush.crowd.transactions == 2
    assert outcomes[-1].reason == "NOT_FOUND"
    for id, ticket in zip(PATIENTS, outcomes[:-1], strict=True):
        rush.entering(by_patient(id), "s-1", ticket.join_ticket)()


def test_who_goes_at_once_has_each_their_own_leave(rush: Rush) -> None:
    ward = rush.ward
    for enter in the_patients(rush):
        enter()

    def leaving(patient_id: str) -> Callable[[], Any]:
        place = Connected(room_of(patient_id), f"c-{patient_id}")
        return lambda: ward.sessions.presences.leave(by_patient(patient_id), place)

    outcomes = rush.at_once(presence.COMPANY, *map(leaving, PATIENTS))

    assert outcomes == [None] * 4
    assert rush.crowd.transactions == 2
    rows = ward.store.documents("participants")
    gone = {row["person_id"] for row in rows if row["presence"] == "gone"}
    assert gone == {*PATIENTS}
    for number, room in enumerate(ROOMS):
        events = ward.sessions.room_log.after(a_call("p-1").tenant_id, room, 0, 100)
        assert [each.alias for each in events if each.kind.name == "LEFT"] == [
            f"Heron {id}" for id in PATIENTS[number::2]
        ]
