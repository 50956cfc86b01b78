"""A patient attends a live room in a real browser: the page of docs/browser, a JavaScript library
for the frames, and the edge for browsers. The facilitator is a program on the other side."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
from haven.sessions.v1 import resources_pb2 as resources

from chassis.call import Role
from tests.browser.chromium import Page
from tests.integration.sessions.clinic import WEBSOCKET, Attendance, Clinic, Person
from tests.integration.sessions.proxy import Proxy

CALM = {"heartbeat_seconds": 60.0, "silence_seconds": 180.0, "signal_answer_seconds": 10.0}


class Telehealth:
    """A session that runs, its facilitator in the room, and a network that a test can cut."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack, page: Page) -> None:
        self._clinic, self._stack, self._page = clinic, stack, page

    async def opens(self, origin: str) -> Telehealth:
        self._clinic.counts(**CALM)
        self._clinic.schedules()
        address = await self._stack.enter_async_context(
            self._clinic.replica(allowed_origins=origin)
        )
        edge = self._clinic.way(address, WEBSOCKET)
        self.network = await self._stack.enter_async_context(Proxy(edge))
        self.lead = self._person(address, "f-1", Role.CLINICIAN)
        await self.lead.changes("StartSession", session_id="s-1")
        self.patient = self._person(address, "p-1")
        await self.patient.attests()
        self.theirs: Attendance = await self.lead.joins()
        return self

    def _person(self, address: str, subject: str, *roles: Role) -> Person:
        person = self._clinic.person(address, subject, *roles)
        self._stack.push_async_callback(person.close)
        return person

    async def comes(self, origin: str) -> None:
        """The patient fills in the page's form, and knocks."""
        clinic = self._clinic
        token = clinic.issuer.issue(clinic.tenant_id, "p-1", [Role.PATIENT])
        await self._page.goes_to(f"{origin}/index.html")
        for name, value in (
            ("address", f"ws://{self.network.address}"),
            ("session", "s-1"),
            ("token", token),
            ("ticket", await self.patient.ticket()),
        ):
            await self._page.does(f"document.forms.door.{name}.value = {value!r}")
        await self._page.does("document.forms.door.requestSubmit()")

    async def says(self, text: str) -> None:
        await self._page.does(f"document.forms.chat.text.value = {text!r}")
        await self._page.does("document.forms.chat.requestSubmit()")

    async def presses(self, button: str) -> None:
        await self._page.does(f"document.getElementById({button!r}).click()")


@pytest.fixture
def telehealth(clinic: Clinic, stack: AsyncExitStack, page: Page) -> Telehealth:
    return Telehealth(clinic, stack, page)


async def test_a_patient_speaks_and_hears_in_a_browser_and_goes(
    telehealth: Telehealth, page: Page, origin: str
) -> None:
    room = await telehealth.opens(origin)
    await room.comes(origin)
    await page.shows("in the room as Alias of 1-p", at="#state")
    await room.says("good evening, <b>all</b>")
    heard = await room.theirs.hears("good evening, <b>all</b>")
    assert (heard.alias, heard.patient_id) == ("Alias of 1-p", "p-1")
    await room.theirs.say("welcome \N{WAVING HAND SIGN}")
    await page.shows("Facilitator: welcome \N{WAVING HAND SIGN}", at="#room")
    await page.shows("Alias of 1-p: good evening, <b>all</b>", at="#room")
    await room.presses("leave")
    await page.shows("ended: GOODBYE_REASON_LEFT", at="#state")
    await room.theirs.next("room_event", _is_leave)


async def test_a_call_for_help_from_a_browser_is_seen_by_the_facilitator_alone(
    telehealth: Telehealth, page: Page, origin: str
) -> None:
    room = await telehealth.opens(origin)
    await room.comes(origin)
    await page.shows("in the room", at="#state")
    await room.presses("help")
    told = await room.theirs.next("private_event")
    assert told.safety_signal.patient_id == "p-1"
    await page.shows("to call somebody now: 988", at="#helped")


async def test_a_browser_that_was_cut_off_comes_again_and_misses_nothing(
    telehealth: Telehealth, page: Page, origin: str
) -> None:
    room = await telehealth.opens(origin)
    await room.comes(origin)
    await page.shows("in the room", at="#state")
    await room.theirs.say("one")
    await page.shows("one", at="#room")
    room.network.cut()
    await room.says("said while away")
    await room.theirs.say("two")
    await room.theirs.hears("said while away")
    await page.shows("two", at="#room")
    await page.shows("said while away", at="#room")
    lines = str(await page.does("document.querySelector('#room').innerText")).split("\n")
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_page_of_somebody_else_gets_no_socket(
    telehealth: Telehealth, page: Page, origin: str
) -> None:
    room = await telehealth.opens("https://app.example")
    await room.comes(origin)
    await page.shows("coming again", at="#state")  # a browser hides why
    assert "in the room" not in str(await page.does("document.body.innerText"))
    assert not room.theirs.events or _only_the_lead(room.theirs.events)


def _is_leave(event: Any) -> bool:
    return bool(event.kind == resources.ROOM_EVENT_KIND_LEFT)


def _only_the_lead(events: list[Any]) -> bool:
    return all(each.role == resources.PARTICIPANT_ROLE_FACILITATOR for each in events)
