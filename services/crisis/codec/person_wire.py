"""The queue of people who ask for a person: requests as commands, results as responses."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import person_queue_pb2 as queue

from chassis.decode import Fields
from chassis.store import Page
from services.crisis.codec.names import PERSON_REQUEST_STATE_NUMBERS
from services.crisis.domain.commands import ListPage
from services.crisis.domain.person_request import Standing


def patient_id(request: Any) -> str:
    """Whose request; of any message that names a patient."""
    fields = Fields(request)
    id = fields.identifier("patient_id")
    fields.done()
    return id


def person_request_id(request: queue.FinishPersonRequestRequest) -> str:
    """Which request."""
    fields = Fields(request)
    id = fields.identifier("person_request_id")
    fields.done()
    return id


def take_next(_: queue.TakeNextPersonRequest) -> None:
    """Whoever is next: there is nothing to say."""


def list_requests(request: queue.ListPersonRequestsRequest) -> ListPage:
    """Which part of the queue."""
    return ListPage("", request.page_size, request.page_token)


def request_person(standing: Standing) -> queue.RequestPersonResponse:
    """The place in the queue."""
    return queue.RequestPersonResponse(person_request=_request(standing))


def get_request(standing: Standing) -> queue.GetPersonRequestResponse:
    """The latest request."""
    return queue.GetPersonRequestResponse(person_request=_request(standing))


def leave(standing: Standing) -> queue.LeavePersonQueueResponse:
    """The request, left."""
    return queue.LeavePersonQueueResponse(person_request=_request(standing))


def listed(page: Page[Standing]) -> queue.ListPersonRequestsResponse:
    """A part of the queue."""
    return queue.ListPersonRequestsResponse(
        person_requests=[_request(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def taken(standing: Standing | None) -> queue.TakeNextPersonResponse:
    """Who is with the caller now; nobody where nobody waits."""
    if standing is None:
        return queue.TakeNextPersonResponse()
    return queue.TakeNextPersonResponse(person_request=_request(standing))


def finish(standing: Standing) -> queue.FinishPersonRequestResponse:
    """The request, finished."""
    return queue.FinishPersonRequestResponse(person_request=_request(standing))


def _request(standing: Standing) -> queue.PersonRequest:
    request = standing.request
    message = queue.PersonRequest(
        person_request_id=request.id,
        patient_id=request.patient_id,
        state=PERSON_REQUEST_STATE_NUMBERS[request.state],
        queue_position=standing.position,
        is_past_bound=request.is_past_bound,
        call_number=standing.call_number,
    )
    message.request_time.FromDatetime(request.request_time)
    if standing.expected_wait is not None:
        message.expected_wait_duration.FromTimedelta(standing.expected_wait)
    if request.take_time is not None:
        message.take_time.FromDatetime(request.take_time)
    if request.end_time is not None:
        message.end_time.FromDatetime(request.end_time)
    return message
