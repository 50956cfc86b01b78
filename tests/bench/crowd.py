"""Everybody who attends, in a process of their own: `python -m tests.bench.crowd`.

Takes a command per line of its standard input, answers each with a line: {"do": ..., ...} as JSON.
People share a few connections (a connection each would cost two cores more than what is measured);
each has a stream and a token of their own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import grpc
from haven.sessions.v1 import sessions_pb2_grpc

from tests.bench.attendee import Attendee, Tally

CHANNELS = 4  # to each replica
AT_ONCE = 16  # who comes in order; a storm is asked for by name
OWN = [("grpc.use_local_subchannel_pool", 1)]
DRAIN_SECONDS = 2.0  # for what was sent in time and is still on its way; later is not heard


class Crowd:
    """Everybody by name; each command is a method."""

    def __init__(self) -> None:
        self._people: dict[str, Attendee] = {}
        self._tally = Tally()
        self._channels: dict[str, list[Any]] = {}

    async def join(self, people: list[dict[str, str]], at_once: int = AT_ONCE) -> list[float]:
        """Seconds until each was welcome."""
        comers = [self._met(number, each) for number, each in enumerate(people)]
        turn = asyncio.Semaphore(at_once)

        async def come(attendee: Attendee) -> float:
            async with turn:
                return await attendee.join()

        return list(await asyncio.gather(*(come(each) for each in comers)))

    async def storm(
        self, people: list[dict[str, str]], per_second: float, stay: float
    ) -> dict[str, Any]:
        """They come at this pace whatever becomes of it, each by a connection of their own."""
        loop, start = asyncio.get_running_loop(), time.monotonic()
        self._tally.begin(0, 0)
        visits = []
        for number, told in enumerate(people):
            due = start + number / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            visits.append(loop.create_task(self._visit(told, due, stay)))
        seconds = await asyncio.gather(*visits)
        welcome = [each for each in seconds if each is not None]
        failed = len(seconds) - len(welcome)
        return {"seconds": welcome, "failed": failed, "odd": dict(self._tally.odd)}

    async def _visit(self, told: dict[str, str], due: float, stay: float) -> float | None:
        """Seconds from when they should have come until they were welcome."""
        stay *= float(told.pop("stays", 1))
        async with grpc.aio.insecure_channel(told.pop("address"), options=OWN) as channel:
            stub = sessions_pb2_grpc.SessionsServiceStub(channel)
            attendee = Attendee(stub, self._tally, **told)
            try:
                await attendee.join()
            except (TimeoutError, grpc.RpcError):
                attendee.cut()
                return None
            seconds = time.monotonic() - due
            await asyncio.sleep(stay)
            await attendee.leave()
        return seconds

    async def converse(self, subjects: list[str], settle: float, seconds: float) -> dict[str, Any]:
        """Everybody says the next as soon as the last is in the room."""
        end = self._look(settle, seconds)
        await asyncio.gather(*(self._people[each].converse(end) for each in subjects))
        await asyncio.sleep(DRAIN_SECONDS)  # the other's turn begins in silence
        return self._seen(seconds)

    async def chat(
        self, subjects: list[str], settle: float, seconds: float, every: float
    ) -> dict[str, Any]:
        """Each says something every so often."""
        end = self._look(settle, seconds)
        await asyncio.gather(*(self._people[each].chat(end, every) for each in subjects))
        await asyncio.sleep(DRAIN_SECONDS)
        return self._seen(seconds)

    async def deafen(self, subjects: list[str]) -> None:
        """What these hear is not asked."""
        for each in subjects:
            self._people[each].is_counted = False

    async def cut(self, subjects: list[str]) -> None:
        """Their connections are gone."""
        for each in subjects:
            self._people[each].cut()

    async def leave(self, subjects: list[str]) -> None:
        """They go in order."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def go(attendee: Attendee) -> None:
            async with turn:
                await attendee.leave()

        await asyncio.gather(*(go(self._people[each]) for each in subjects))

    async def say(self, subjects: list[str], times: int) -> dict[str, int]:
        """Each says so many things, and waits until the last is heard; where everybody stands."""
        for _ in range(times):
            for each in subjects:
                await self._people[each].say()
        await asyncio.sleep(1.0)
        return {subject: attendee.cursor for subject, attendee in self._people.items()}

    async def resume(self, up_to: dict[str, int]) -> list[float]:
        """All at once; seconds until each has what they missed, up to that number."""
        return list(
            await asyncio.gather(
                *(self._people[each].join(up_to=number) for each, number in up_to.items())
            )
        )

    async def press(self, subjects: list[str], every: float) -> dict[str, float]:
        """One after the other call for help; when each did."""
        pressed = {}
        for each in subjects:
            pressed[each] = await self._people[each].press()
            await asyncio.sleep(every)
        return pressed

    def _met(self, number: int, told: dict[str, str]) -> Attendee:
        address = told.pop("address")
        if address not in self._channels:
            self._channels[address] = [
                grpc.aio.insecure_channel(address, options=OWN) for _ in range(CHANNELS)
            ]
        stub = sessions_pb2_grpc.SessionsServiceStub(self._channels[address][number % CHANNELS])
        attendee = Attendee(stub, self._tally, **told)
        self._people[attendee.subject] = attendee
        return attendee

    def _look(self, settle: float, seconds: float) -> float:
        start = time.monotonic() + settle
        self._tally.begin(int(start * 1e9), int((start + seconds) * 1e9))
        return start + seconds

    def _seen(self, seconds: float) -> dict[str, Any]:
        tally = self._tally
        delays = sorted(tally.delays)

        def at(share: float) -> float:
            return delays[min(len(delays) - 1, int(len(delays) * share))] / 1e6 if delays else 0.0

        return {
            "said": tally.said,
            "heard": len(delays),
            "per_second": tally.received / seconds,
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
            "odd": dict(tally.odd),
        }


async def main() -> None:
    """Until the parent hangs up."""
    crowd, loop = Crowd(), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        answer = await getattr(crowd, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
