"""An event that is being taken is not taken a second time beside it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from haven.delivery.v1.delivery_pb2 import DeliverRequest, Envelope
from haven.sessions.v1.events_pb2 import SafetySignalRaised

from chassis.call import Actor, Role
from chassis.clock import FixedClock
from chassis.deadline import Deadline
from chassis.errors import PermissionDenied, Unavailable
from chassis.rpc.delivery_service import DeliveryServicer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Desk:
    """Calls come in as the context says; a use case runs when the test lets it."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.runs = 0

    def caller_of(self, context: Any) -> Actor:
        return Actor(context, frozenset({Role.WORKLOAD}))

    def deadline_of(self, _: Any) -> Deadline:
        return Deadline.after(20)

    async def urgently(self, fn: Any, *args: Any) -> Any:
        self.runs += 1
        await self.gate.wait()
        return fn(*args)

    def require(self, _: str) -> None:
        """Every tenant is known."""


def a_request() -> DeliverRequest:
    envelope = Envelope(
        event_id="e-1",
        tenant_id="river",
        aggregate_id="a-1",
        type="haven.sessions.v1.SafetySignalRaised",
        body=SafetySignalRaised(patient_id="p-1").SerializeToString(),
    )
    envelope.create_time.FromDatetime(NOON)
    return DeliverRequest(envelope=envelope)


def servicer(desk: Desk, handler: Any) -> DeliveryServicer:
    return DeliveryServicer(
        desk, {SafetySignalRaised: handler}, service="crisis", clock=FixedClock(NOON), tenants=desk
    )


async def at_once(desk: Desk, served: DeliveryServicer, *callers: str) -> list[Any]:
    calls = [asyncio.ensure_future(served.Deliver(a_request(), caller)) for caller in callers]
    await asyncio.sleep(0.01)
    desk.gate.set()
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_the_second_delivery_waits_for_the_first_and_is_a_repeat() -> None:
    desk, taken = Desk(), list[Any]()
    served = servicer(desk, lambda _call, event: taken.append(event))

    answers = await at_once(desk, served, *["service:sessions"] * 3)

    assert [answer.repeated_delivery for answer in answers] == [False, True, True]
    assert (desk.runs, len(taken)) == (1, 1)


async def test_where_the_first_fails_nobody_is_told_that_it_was_taken() -> None:
    def away(call: Any, event: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    desk = Desk()
    answers = await at_once(desk, servicer(desk, away), *["service:sessions"] * 2)

    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]


async def test_once_it_is_over_the_next_delivery_is_handled_by_itself() -> None:
    desk, taken = Desk(), list[Any]()
    served = servicer(desk, lambda _call, event: taken.append(event))
    for _ in range(2):
        await at_once(desk, served, "service:sessions")

    assert desk.runs == 2


@pytest.mark.parametrize(
    "order", [("service:sessions", "service:notify"), ("service:notify", "service:sessions")]
)
async def test_whoever_may_not_bring_it_is_refused_and_spoils_nothing(
    order: tuple[str, str],
) -> None:
    desk = Desk()
    served = servicer(desk, lambda _call, _event: None)

    answers = dict(zip(order, await at_once(desk, served, *order), strict=True))

    assert isinstance(answers["service:notify"], PermissionDenied)
    assert answers["service:sessions"].repeated_delivery is False
