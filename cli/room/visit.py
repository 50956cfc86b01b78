"""One visit to a room: what is typed is done once and in order, and what happens is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from grpc import aio
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.ids import new_id
from cli.room import doing, typed, words
from cli.room.attendance import GONE, Attendance, Ending
from cli.room.calls import Calls
from cli.room.door import Door, Refused, refused
from cli.room.plain_line import shown
from cli.room.view import Line, View

WAITING_LINES = 1000  # typed and not sent yet
AGAIN = {
    "RATE_LIMITED", "STORE_UNAVAILABLE", "WRITE_CONFLICT", "SERVER_BUSY", "DEADLINE_EXCEEDED",
}  # fmt: skip
AGAIN_SECONDS = 0.5
ACT_SECONDS, ACT_TRIES = 5.0, 4
FINISH_SECONDS = 20.0  # for what was typed before /leave
GOODBYE_SECONDS = 5.0
ANSWER_SECONDS = 2.0
RECORD_SECONDS = 120.0  # a call for help that is not recorded yet keeps the program this long
Show = Callable[[Sequence[Line]], None]

Wanted = typed.Say | typed.Act | typed.Do | typed.Decide


class Visit:
    """Used by a face: it calls `type` for each line and is told what to show."""

    def __init__(self, door: Door, *, is_staff: bool, show: Show) -> None:
        self.view = View(is_staff=is_staff)
        self._door, self._show = door, show
        self._attendance = Attendance(door, self.view, take=self._take, lost=self._lost)
        self._calls = Calls(door, self.view, self._attendance, changed=self._news)
        self._wishes: asyncio.Queue[Wanted] = asyncio.Queue(WAITING_LINES)
        self._unsent = 0
        self._wants_to_leave, self._hurries = asyncio.Event(), asyncio.Event()
        self._aside = set[asyncio.Task[None]]()
        self._worries = set[asyncio.Task[None]]()

    async def run(self) -> Ending:
        """Until the stay is over; a call for help that is not recorded yet is sent on first."""
        staying = asyncio.create_task(self._attendance.run())
        tasks: list[asyncio.Task[Any]] = [
            staying,
            asyncio.create_task(self._leaving()),
            asyncio.create_task(self._work()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ended = [task.result() for task in tasks if task in done]
            await self._settle_typed()
            await self._settle_calls()
        finally:
            for task in [*tasks, *self._aside, *self._worries]:
                task.cancel()
            self._calls.stop()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._door.close()
        return next(each for each in ended if isinstance(each, Ending))

    def type(self, line: str) -> None:
        """What somebody typed."""
        match typed.wish(line, is_staff=self.view.is_staff):
            case typed.Press(about):
                self._press(line, about)
            case typed.Say() | typed.Act() | typed.Do() | typed.Decide() as wanted:
                self._put(wanted)
            case typed.Ask("who"):
                self._tell(self.view.who())
            case typed.Ask():
                own = words.HELP_STAFF if self.view.is_staff else words.HELP_PATIENT
                self._tell(*words.HELP, *own)
            case typed.Leave():
                self.leave()
            case typed.Nothing(why) if why:
                self._tell(why)

    def leave(self) -> None:
        """Go once everything typed before is done; asked a second time, at once."""
        if self._wants_to_leave.is_set():
            self._hurries.set()
        self._wants_to_leave.set()

    def _press(self, line: str, about: str) -> None:
        if not self.view.is_staff:
            if line.strip().lower() != "/sos":
                self._tell("what stands behind /sos was sent to nobody")
            self._calls.raise_signal(self._door.person_id, "")
            return
        self._do_aside(self._worry(about), self._worries)

    async def _worry(self, about: str) -> None:
        """Staff names a patient by alias; somebody who never came is on the roster."""
        if not (patient_id := _named(self.view.patients, about)):
            answer = await self._insist("GetSession", pb.GetSessionRequest)
            if isinstance(answer, Refused):
                why = words.refusal(answer.reason, answer.code)
                self._tell(f"NO call for help was raised, the roster is not known ({why})")
                return
            roster = {each.alias: each.patient_id for each in answer.session.seats}
            if not (patient_id := _named(roster, about)):
                names = ", ".join(sorted(map(shown, filter(None, roster))))
                self._tell(f"NO call for help was raised: nobody has that alias. There are {names}")
                return
        self._calls.raise_signal(patient_id, about)

    def _put(self, wanted: Wanted) -> None:
        if isinstance(wanted, typed.Say) and wanted.text.strip(" !.").lower() == "sos":
            self._tell("said to everybody; /sos calls for help in private")
        try:
            self._wishes.put_nowait(wanted)
            self._unsent += 1
        except asyncio.QueueFull:
            self._tell("not sent: too much waits to be sent already")

    async def _work(self) -> None:
        """What was typed, one after the other."""
        while True:
            match await self._wishes.get():
                case typed.Say(text):
                    await self._say(text)
                case typed.Act(method):
                    await self._act(method)
                case typed.Do() as wanted:
                    await self._do(wanted)
                case typed.Decide(verb, about):
                    await self._decide(verb, about)
            self._unsent -= 1
            self._wishes.task_done()

    async def _say(self, text: str) -> None:
        chat = pb.Chat(request_id=new_id(), text=text)
        reason = await self._ask(chat.request_id, pb.AttendSessionRequest(chat=chat))
        if reason is not None:
            self._tell(f"not said: {words.refusal(reason)}")

    async def _do(self, wanted: typed.Do) -> None:
        request_id = new_id()
        try:
            frame = doing.frame(wanted, request_id, self.view.activity)
        except doing.Undoable as error:
            self._tell(str(error))
            return
        reason = await self._ask(request_id, frame)
        if reason is not None:
            self._tell(f"not done: {words.refusal(reason)}")
        elif told := wanted.remark or doing.DONE.get(wanted.kind):
            self._tell(told)

    async def _ask(self, request_id: str, frame: pb.AttendSessionRequest) -> str | None:
        """As long as the stay lasts: what comes behind it must not overtake."""
        reason = await self._attendance.ask(request_id, frame)
        while reason in AGAIN:
            await asyncio.sleep(AGAIN_SECONDS)
            reason = await self._attendance.ask(request_id, frame)
        return reason

    async def _act(self, method: str) -> None:
        answer = await self._insist(method, getattr(pb, f"{method}Request"), request_id=new_id())
        if isinstance(answer, Refused):
            self._tell(f"not done: {words.refusal(answer.reason, answer.code)}")

    async def _decide(self, verb: str, about: str) -> None:
        """Whoever waits was shown with an alias, and with the id behind it."""
        if not (patient_id := _named(self.view.patients, about)):
            self._tell(f"not done: nobody by the alias {shown(about)} was seen here")
            return
        request_id = new_id()
        told = {"request_id": request_id, "patient_id": patient_id}
        if verb == "admit":
            frame = pb.AttendSessionRequest(admit=pb.Admit(**told))
        else:
            deny = pb.Deny(**told, is_handed_over=verb == "handover")
            frame = pb.AttendSessionRequest(deny=deny)
        if (reason := await self._ask(request_id, frame)) is not None:
            self._tell(f"not done: {words.refusal(reason)}")

    async def _insist(self, method: str, request: Any, **fields: str) -> Any | Refused:
        """The answer about this session; the same request again where that can help."""
        asked = request(session_id=self._door.session_id, **fields)
        for attempt in range(1, ACT_TRIES + 1):
            try:
                return await self._door.ask(method, asked, within=ACT_SECONDS)
            except aio.AioRpcError as error:
                told = refused(error)
            if not told.is_passing:
                break
            await asyncio.sleep(AGAIN_SECONDS * attempt)
        return told

    async def _leaving(self) -> Ending:
        await self._wants_to_leave.wait()
        await self._unless_hurried(self._finish(), within=FINISH_SECONDS)
        if await self._attendance.leave():
            await self._unless_hurried(asyncio.sleep(GOODBYE_SECONDS), within=GOODBYE_SECONDS)
        return Ending(0, GONE) if self.view.was_connected else Ending(1, "you never came in")

    async def _finish(self) -> None:
        await self._attendance.arrive()
        await self._wishes.join()

    async def _settle_typed(self) -> None:
        """The goodbye may be faster than the answer to what caused it."""
        if self._unsent:
            await self._unless_hurried(self._wishes.join(), within=ANSWER_SECONDS)
        if self._unsent:
            self._tell(f"lines that you typed and that may not have arrived: {self._unsent}")

    async def _settle_calls(self) -> None:
        """Nobody's call for help ends with the program, unless they want that."""
        if not (self._worries or self._calls.unrecorded):
            return
        self._show([self.view.private("a call for help is still being sent; /leave ends that")])
        self._hurries.clear()
        self._wants_to_leave.set()  # the next one hurries
        await self._unless_hurried(self._called(), within=RECORD_SECONDS)

    async def _called(self) -> None:
        while self._worries:
            await asyncio.wait(self._worries)
        await self._calls.settled()

    async def _unless_hurried(self, awaited: Any, *, within: float) -> None:
        tasks = [asyncio.ensure_future(awaited), asyncio.create_task(self._hurries.wait())]
        try:
            await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _take(self, frame: pb.AttendSessionResponse) -> None:
        self._show(self.view.take(frame))
        if frame.WhichOneof("frame") in {"waiting", "welcome"}:
            self._do_aside(self._calls.look_again(), self._aside)

    def _lost(self, why: str) -> None:
        self._show(self.view.lost(why))

    def _news(self, text: str) -> None:
        self._show([self.view.private(text)] if text else [])

    def _tell(self, *texts: str) -> None:
        self._show([self.view.notice(text) for text in texts])

    def _do_aside(self, doing: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(doing)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(_done)


def _done(task: asyncio.Task[None]) -> None:
    """A fault is reported by the loop, at once."""
    if not task.cancelled():
        task.result()


def _named(patients: Mapping[str, str], alias: str) -> str:
    """The id behind an alias, whatever its case and spaces; empty where there is none."""
    wanted = alias.casefold().split()
    found = {id for name, id in patients.items() if name.casefold().split() == wanted}
    return found.pop() if len(found) == 1 else ""
