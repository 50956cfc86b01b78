"""Calls for help: sent until they are recorded, by every way there is, ahead of everything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from grpc import aio
from haven.sessions.v1 import resources_pb2, sessions_pb2

from chassis.ids import new_id
from cli.room import words
from cli.room.attendance import Attendance
from cli.room.door import Door, refused
from cli.room.view import View

TRY_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
SIGNAL_SECONDS = 3600.0  # then the person is told that it never arrived

NOT_RECORDED = f"a call for help was NOT recorded: call {words.CALL_NUMBER} now"


class Calls:
    """The safety signals that are raised here; `changed` is called when there is news."""

    def __init__(
        self, door: Door, view: View, attendance: Attendance, *, changed: Callable[[str], None]
    ) -> None:
        self._door, self._view, self._attendance = door, view, attendance
        self._changed = changed
        self._sending: set[asyncio.Task[None]] = set()

    def raise_signal(self, patient_id: str, about: str) -> None:
        """Press, at once, whatever else is going on. `about` is the alias that staff typed."""
        request = sessions_pb2.RaiseSafetySignalRequest(
            request_id=new_id(), patient_id=patient_id, session_id=self._door.session_id
        )
        self._view.signals.pressed(request.request_id, about)
        self._changed("")
        sending = asyncio.create_task(self._send(request))
        self._sending.add(sending)
        sending.add_done_callback(self._sent)

    @property
    def unrecorded(self) -> int:
        """How many are still being sent."""
        return len(self._sending)

    async def settled(self) -> None:
        """Return when every one is recorded or refused."""
        while self._sending:
            await asyncio.wait(self._sending)

    def stop(self) -> None:
        """Send nothing more; whoever waits for a record is told that there is none."""
        for sending in self._sending:
            sending.cancel()
        if self._sending:
            self._changed(NOT_RECORDED)

    async def look_again(self) -> None:
        """Ask for what may have changed while nobody could tell us."""
        for signal in list(self._view.signals.unnumbered()):
            id = signal.safety_signal_id
            request = sessions_pb2.GetSafetySignalRequest(safety_signal_id=id)
            with suppress(aio.AioRpcError):  # what is shown stays as it was, and says so
                answer = await self._door.ask("GetSafetySignal", request, within=TRY_SECONDS)
                self._view.signals.answered("", answer.safety_signal)
                self._changed("")

    def _sent(self, sending: asyncio.Task[None]) -> None:
        self._sending.discard(sending)
        if not sending.cancelled() and sending.exception() is not None:
            self._changed(NOT_RECORDED)  # a fault of ours must not look like help
            sending.result()  # raised where the loop reports it

    async def _send(self, request: sessions_pb2.RaiseSafetySignalRequest) -> None:
        """As a frame, which is the shortest way, and as a request, which is answered."""
        frame = sessions_pb2.RaiseSignal(
            request_id=request.request_id, patient_id=request.patient_id
        )
        riding = asyncio.create_task(
            self._attendance.write(sessions_pb2.AttendSessionRequest(raise_signal=frame))
        )
        until, pause = time.monotonic() + SIGNAL_SECONDS, FIRST_PAUSE
        try:
            while not await self._attempt(request):
                if time.monotonic() > until:
                    self._changed(NOT_RECORDED)
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            riding.cancel()

    async def _attempt(self, request: sessions_pb2.RaiseSafetySignalRequest) -> bool:
        """True where nothing is left to do."""
        try:
            answer = await self._door.ask("RaiseSafetySignal", request, within=TRY_SECONDS)
        except aio.AioRpcError as error:
            told = refused(error)
            if told.is_passing:
                return False
            self._view.signals.refused(request.request_id)
            why = words.refusal(told.reason, told.code)
            self._changed(f"the call for help was REFUSED ({why}): call {words.CALL_NUMBER}")
            return True
        signal: resources_pb2.SafetySignal = answer.safety_signal
        self._view.signals.answered(request.request_id, signal)
        self._changed("")
        return signal.is_stored
