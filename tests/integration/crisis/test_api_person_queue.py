"""A patient asks for a person, through gRPC."""

from __future__ import annotations

import asyncio
from typing import Any

from haven.crisis.v1 import person_queue_pb2

from chassis.call import Role
from tests.integration.front import Front


async def test_ten_clinicians_at_once_take_each_patient_once(front: Front, clinician: Any) -> None:
    for number in range(6):
        caller = front.caller(f"p-{number}", Role.PATIENT)
        await caller.ask(person_queue_pb2.RequestPersonRequest(patient_id=f"p-{number}"))
    waiting = await clinician.ask(person_queue_pb2.ListPersonRequestsRequest())
    assert [each.queue_position for each in waiting.person_requests] == [1, 2, 3, 4, 5, 6]

    staff = [front.caller(f"dr-{number}", Role.CLINICIAN) for number in range(10)]
    answers = await asyncio.gather(
        *(each.ask(person_queue_pb2.TakeNextPersonRequest()) for each in staff)
    )

    taken = [each.person_request.patient_id for each in answers if each.HasField("person_request")]
    assert sorted(taken) == [f"p-{number}" for number in range(6)]


async def test_a_patient_who_asks_many_times_at_once_has_one_place(
    patient: Any, database: Any
) -> None:
    requests = [person_queue_pb2.RequestPersonRequest(patient_id="p-1") for _ in range(5)]

    answers = await asyncio.gather(*(patient.ask(each) for each in requests))

    assert len({each.person_request.person_request_id for each in answers}) == 1
    assert {each.person_request.call_number for each in answers} == {"988"}
    assert database.person_requests.count_documents({}) == 1


async def test_a_request_from_asking_to_the_end(patient: Any, clinician: Any) -> None:
    asked = (
        await patient.ask(person_queue_pb2.RequestPersonRequest(patient_id="p-1"))
    ).person_request
    assert (asked.queue_position, asked.call_number) == (1, "988")
    assert not asked.HasField("expected_wait_duration")  # nobody is on duty here
    await patient.ask(person_queue_pb2.LeavePersonQueueRequest(patient_id="p-1"))
    await patient.ask(person_queue_pb2.RequestPersonRequest(patient_id="p-1"))
    taken = (await clinician.ask(person_queue_pb2.TakeNextPersonRequest())).person_request
    finish = person_queue_pb2.FinishPersonRequestRequest(person_request_id=taken.person_request_id)
    await clinician.ask(finish)

    told = await patient.ask(person_queue_pb2.GetPersonRequestRequest(patient_id="p-1"))
    assert told.person_request.state == person_queue_pb2.PERSON_REQUEST_STATE_FINISHED
    assert (told.person_request.queue_position, told.person_request.call_number) == (0, "988")
    finish.request_id = ""
    assert (await clinician.refused(finish)).reason == "PERSON_NOT_TAKEN"
