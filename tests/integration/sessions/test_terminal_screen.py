"""The same room as a screen: the room, who is in it, and apart from it what is one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, RichLog, Static

from chassis.call import Role
from cli.room.attendance import Ending
from cli.room.door import Door
from cli.room.screen import RoomScreen
from tests.integration.sessions.clinic import PATIENCE_SECONDS, Clinic, people

ANA = "Alias of 1-p"


@pytest.fixture
async def address(clinic: Clinic) -> AsyncIterator[str]:
    """Session s-1 has begun, and p-1 has said where they are."""
    clinic.counts(heartbeat_seconds=1.0, silence_seconds=20.0)
    clinic.schedules()
    async with clinic.replica() as served:
        ana = clinic.person(served, "p-1")
        lead = clinic.person(served, "f-1", Role.CLINICIAN)
        async with people(ana, lead):
            await ana.attests()
            await lead.changes("StartSession", session_id="s-1")
            yield served


@asynccontextmanager
async def sitting(clinic: Clinic, address: str) -> AsyncIterator[tuple[RoomScreen, Sitting]]:
    token = clinic.issuer.issue(clinic.tenant_id, "p-1", [Role.PATIENT])
    screen = RoomScreen(Door(address, "s-1", lambda: token), is_staff=False)
    async with screen.run_test(size=(100, 30)) as pilot:
        yield screen, Sitting(screen, pilot)


class Sitting:
    """Somebody at the screen."""

    def __init__(self, screen: RoomScreen, pilot: Pilot[Ending]) -> None:
        self._screen, self._pilot = screen, pilot

    async def types(self, line: str) -> None:
        self._screen.query_one(Input).value = line
        await self._pilot.press("enter")

    async def until(self, look: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE_SECONDS / 0.05)):
            if look():
                return
            await self._pilot.pause(0.05)
        raise AssertionError("not in time")

    @property
    def room(self) -> str:
        return "\n".join(strip.text for strip in self._screen.query_one("#room", RichLog).lines)

    def shows(self, name: str) -> str:
        return str(self._screen.query_one(f"#{name}", Static).visual)


async def test_what_is_typed_comes_into_the_room(clinic: Clinic, address: str) -> None:
    async with sitting(clinic, address) as (screen, ana):
        await ana.until(lambda: ANA in ana.shows("people"))
        assert screen.query_one("#private").has_class("quiet")
        await ana.types("good [bold]morning[/bold]")
        await ana.until(lambda: f"{ANA}: good [bold]morning[/bold]" in ana.room)
        await ana.types("/leave")
        await ana.until(lambda: screen.return_value is not None)
    assert screen.return_value is not None
    assert screen.return_value.code == 0


async def test_what_may_be_relied_on_stays_in_sight(clinic: Clinic, address: str) -> None:
    async with sitting(clinic, address) as (screen, ana):
        await ana.until(lambda: ANA in ana.shows("people"))
        await ana.types("/sos")
        await ana.until(lambda: "NOBODY HAS IT YET: call 988 now" in ana.shows("private"))
        for number in range(8):
            await ana.types(f"line {number}")
        await ana.until(lambda: "line 7" in ana.room)
        assert "call 988" in ana.shows("private")
        assert not screen.query_one("#private").has_class("quiet")
