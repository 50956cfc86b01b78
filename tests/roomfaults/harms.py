"""What breaks. Each returns a report whose `faults` must be empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from haven.sessions.v1 import sessions_pb2 as pb

from chassis.ids import new_id
from tests.bench.platform import TENANT
from tests.roomfaults.crew import RECOVERY_SECONDS, Crew, Report, persist, until
from tests.roomfaults.guest import AGAIN, CUT, OTHER_DEVICE, OVERRUN, Guest
from tests.roomfaults.house import FIRST, REPLICAS, STEPPED
from tests.roomfaults.nonsense import CASES, NOT_VALID_YET, wrong_answers

STEPPED_SECONDS = 3.0  # of heartbeats under each wrong clock
BEFORE_SECONDS = 1.0  # of talk, before something breaks
ELSEWHERE, REPLACED = (
    pb.GoodbyeReason.Name(reason)
    for reason in (pb.GOODBYE_REASON_RESUME_ELSEWHERE, pb.GOODBYE_REASON_REPLACED)
)
LOST = "UNAVAILABLE"  # the connection itself, without a reason of ours
# What a person may be told by a replica that is leaving or whose database is away, or by a machine
# that is too busy: each says that one should come, or say it, again.
COME_AGAIN = {*AGAIN, "SERVER_DRAINING"}
HOUR = timedelta(hours=1)


async def api_killed(crew: Crew) -> Report:
    """One replica is gone in the middle of a word."""
    gone, stay = crew.at(0), crew.at(1)
    marks, others = _marks(gone), _marks(stay)
    async with crew.judged("api killed") as report:
        await asyncio.sleep(BEFORE_SECONDS)
        await asyncio.to_thread(crew.house.stack.kill, FIRST)
        await until(lambda: [each for each in gone if len(each.record.ends) == marks[each]])
        report.back_seconds = await crew.back()
        await asyncio.to_thread(crew.house.stack.restart, FIRST)
    report.faults += _odd(crew.ends_since(marks), because=LOST)
    report.faults += [f"{each} lost nothing and went" for each in crew.ends_since(others)]
    report.told = f"; {len(gone)} lost their replica"
    await _spread(crew)
    return report


async def rolling_restart(crew: Crew) -> Report:
    """One replica after the other is asked to end, and started again."""
    seconds = []
    async with crew.judged("rolling restart") as report:
        for place, name in enumerate(REPLICAS):
            stack, leaving = crew.house.stack, crew.house.stack.processes[name]
            marks, start = _marks(crew.at(place)), time.monotonic()
            leaving.ask_to_end()
            await until(lambda child=leaving: [child.pid] * child.is_running)
            seconds.append(time.monotonic() - start)
            if leaving.exit_code != 0:
                report.faults.append(f"{name} ended with {leaving.exit_code}")
            await asyncio.to_thread(stack.restart, name)
            await crew.back()
            ends = crew.ends_since(marks)
            report.faults += _odd(ends, because=ELSEWHERE)
            report.faults += [f"{len(marks)} there, {len(ends)} told"] * (len(ends) != len(marks))
    report.told = f"; drained in {', '.join(f'{each:.1f} s' for each in seconds)}"
    await _spread(crew)
    return report


async def broker_away(
    crew: Crew, name: str, *, ways: tuple[Callable[[], object], Callable[[], object]],
    seconds: float,
) -> Report:  # fmt: skip
    """The rooms need no broker: nobody's connection ends, and who calls for help is heard."""
    leave, come_back = ways
    marks, caller = _marks(crew.guests), crew.next_caller()
    async with crew.judged(f"broker {name}") as report:
        await asyncio.to_thread(leave)
        start = time.monotonic()
        try:
            await caller.press()
            await _until_case(crew, caller)
            called = time.monotonic() - start
            await _until_all_hear(crew)
            await asyncio.sleep(max(0.0, seconds + start - time.monotonic()))
        finally:
            await asyncio.to_thread(come_back)
        away = time.monotonic() - start
    report.faults += [f"{each}: {how}" for each, how in crew.ends_since(marks).items()]
    report.told = f"; away for {away:.0f} s; a case {called:.2f} s after the call for help"
    return report


async def database_restarted(crew: Crew) -> Report:
    """Everybody is told something defined, and comes back."""
    database = crew.house.stack.database
    assert database is not None
    async with crew.judged("database restarted") as report:
        await asyncio.sleep(BEFORE_SECONDS)
        await asyncio.to_thread(database.stop)
        await asyncio.sleep(BEFORE_SECONDS)
        await asyncio.to_thread(database.start)
    told = {*report.ends, *report.refusals}
    report.faults += [f"told {each}, the database away" for each in told if not _says_again(each)]
    await _spread(crew)
    return report


async def second_devices(crew: Crew) -> Report:
    """One patient of each room takes another device at the other replica, then a third there."""
    replaced: list[Guest] = []
    async with crew.judged("second devices") as report:
        await asyncio.sleep(BEFORE_SECONDS)
        for jump in (1, 0):
            for guests in crew.rooms.values():
                older = guests[-1]
                newer = Guest(older.own, crew.house.addresses, at=older.place + jump)
                await newer.come()
                crew.take(older, newer)
                replaced.append(older)
            async with asyncio.timeout(RECOVERY_SECONDS):
                await asyncio.gather(*(each.end() for each in replaced))
    report.faults += [
        f"{each.own.subject} was told {each.record.ends[-1]}"
        for each in replaced
        if each.record.ends[-1] not in {REPLACED, OTHER_DEVICE}
    ]
    report.told = f"; {len(replaced)} devices told {REPLACED}"
    await _spread(crew)
    return report


async def nonsense(crew: Crew) -> Report:
    """Each room has somebody who sends what no client may; the others notice nothing."""
    marks, names, count = (
        _marks(crew.guests),
        sorted(CASES.keys() - {NOT_VALID_YET}),
        len(crew.rooms),
    )
    addresses = crew.house.addresses
    async with crew.judged("nonsense") as report:
        found = await asyncio.gather(*(
            wrong_answers(own, addresses[at % len(addresses)], names[at::count])
            for at, own in enumerate(crew.spare.values())
        ))  # fmt: skip
    report.faults += [text for each in found for text in each]
    report.faults += [f"{each}: {how}" for each, how in crew.ends_since(marks).items()]
    report.told = f"; {len(names)} kinds of bad input"
    return report


async def clock_stepped(crew: Crew) -> Report:
    """One replica's clock is an hour fast, and people come to it; then an hour slow.

    To the slow one nobody comes: to it the tokens of this hour are not valid yet.
    """
    clocks, marks = crew.house.clocks, _marks(crew.guests)
    first, stepped = crew.house.addresses
    async with crew.judged("clock of one replica stepped") as report:
        for step, addresses in ((HOUR, [first, stepped]), (-HOUR, [first])):
            clocks.step(STEPPED, step)
            try:
                for guests in crew.rooms.values() if stepped in addresses else ():
                    guests[-1].cut(go_to=1)
                await asyncio.sleep(STEPPED_SECONDS)
                await crew.back()
                await _until_all_hear(crew)
                report.faults += await crew.wrong_minutes(addresses)
                if stepped not in addresses:
                    report.faults += await _not_valid_yet(crew, stepped)
                told = clocks.told(STEPPED)
            finally:
                clocks.step(STEPPED, timedelta(0))
            report.faults += [f"the clock was off by {told}, not {step}"] * (told != step)
    report.faults += _odd(crew.ends_since(marks), because=CUT)
    await _spread(crew)
    return report


async def _not_valid_yet(crew: Crew, address: str) -> list[str]:
    """Whoever brings a new token is told what is wrong; nothing else asks that clock."""
    own = next(iter(crew.spare.values()))
    fresh = replace(own, token=crew.token(own.subject, "patient"))
    return await wrong_answers(fresh, address, [NOT_VALID_YET])


async def _until_all_hear(crew: Crew) -> None:
    """Somebody at each replica says something now, and everybody in the room hears it."""
    awaited = []
    for guests in crew.rooms.values():
        for speaker in guests[:2]:
            text = f"now {new_id()}"
            await speaker.say(text)
            awaited += [(each, text) for each in guests]
    await until(lambda: [each.own.subject for each, text in awaited if not _has_heard(each, text)])


def _has_heard(guest: Guest, text: str) -> bool:
    return any(event.text == text for event in reversed(guest.record.events))


async def _until_case(crew: Crew, caller: Guest) -> None:
    """Crisis has a case of theirs."""
    cases = crew.house.platform.rows("crisis", "cases")
    wanted = {"tenant_id": TENANT, "patient_id": caller.own.subject}
    await asyncio.to_thread(persist, lambda: cases.find_one(wanted))


async def _spread(crew: Crew) -> None:
    """Half of each room at either replica again, for the next fault."""
    for guests in crew.rooms.values():
        for at, guest in enumerate(guests):
            if (guest.place - at) % len(REPLICAS):
                guest.cut(go_to=at)
    await until(lambda: [each for each in crew.guests if not each.is_present])


def _odd(ends: Mapping[str, Sequence[str]], *, because: str) -> list[str]:
    """Whoever went for another reason, or was told anything but to come again on the way in."""
    return [
        f"{each}: {how}"
        for each, how in ends.items()
        if how[0] not in {because, OVERRUN}
        or not all(one in {LOST, OVERRUN} or _says_again(one) for one in how[1:])
    ]


def _says_again(told: str) -> bool:
    return told.rsplit(maxsplit=1)[-1] in COME_AGAIN


def _marks(guests: Iterable[Guest]) -> Mapping[Guest, int]:
    return {each: len(each.record.ends) for each in guests}
