"""Attestations that come together, on a real MongoDB: each has an instant of its own."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from haven.sessions.v1 import events_pb2 as sessions

from tests.integration.sessions.clinic import Clinic


async def test_those_that_come_at_once_follow_each_other_and_the_last_one_counts(
    clinic: Clinic, stack: AsyncExitStack
) -> None:
    clinic.schedules()
    replicas = [await stack.enter_async_context(clinic.replica()) for _ in range(2)]
    devices = [clinic.person(replicas[each % 2], "p-1") for each in range(6)]
    for device in devices:
        stack.push_async_callback(device.close)
    await asyncio.gather(*(device.attests(state) for device in devices for state in ("VA", "MD")))
    told = clinic.emitted(sessions.LocationAttested)
    kept = clinic.documents("location_attestations")
    assert len({each["attest_time"] for each in kept}) == len(told) == 12
    newest = max(told, key=lambda each: each.attest_time.ToDatetime())
    (last,) = clinic.documents("last_location_attestations")
    assert max(kept, key=lambda each: each["attest_time"])["_id"] == newest.location_id
    assert last["attest_time"] == max(each["attest_time"] for each in kept)
