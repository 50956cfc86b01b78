"""The room as lines: one per event, and each line of standard input is what somebody types.

room     12  14:03:22  Quiet Heron: good morning
private   -  14:03:25  ! your call for help: sent, somebody is being called ...
notice    -  14:03:26  - here: Facilitator, Quiet Heron
"""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from cli.room.attendance import Ending
from cli.room.door import Door
from cli.room.view import Kind, Line, View
from cli.room.visit import Visit

CHUNK = 65_536
REMIND_LINES = 10  # what may be relied on is said again after so many lines of the room
MARKS = {Kind.ROOM: "", Kind.PRIVATE: "! ", Kind.NOTICE: "- "}


class Printer:
    """Writes lines, and never lets what is known of a call for help scroll out of sight."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.unread: Callable[[], None] | None = None  # called where nobody reads any more
        self._told: set[str] = set()
        self._since = 0

    def show(self, lines: Sequence[Line], view: View) -> None:
        """Write what is new, and what may be relied on where that changed or is long ago."""
        for line in lines:
            self._write(line)
            self._since += line.kind is Kind.ROOM
            if line.kind is Kind.PRIVATE:
                self._told.add(line.text)
        standing = view.standing
        if self._since >= REMIND_LINES:
            self._told, self._since = set(), 0
        for text in standing:
            if text not in self._told:
                self._write(view.private(text))
        self._told = set(standing)

    def close(self, ending: Ending, view: View) -> None:
        """The last lines: how it ended, and what may be relied on afterwards."""
        self._told = set()
        self.show([view.notice(ending.text)], view)

    def _write(self, line: Line) -> None:
        number = line.number or "-"
        text = f"{line.kind.value:7} {number:>4}  {line.time}  {MARKS[line.kind]}{line.text}"
        try:
            print(text, file=self._out, flush=True)
        except BrokenPipeError:
            # What is still written goes nowhere, also what the interpreter flushes at its end.
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._out.fileno())
            if self.unread is not None:
                self.unread()


async def attend(door: Door, *, is_staff: bool) -> Ending:
    """Until the stay is over. The end of the input, Ctrl-C or SIGTERM leave in good order."""
    printer = Printer(sys.stdout)
    visit = Visit(door, is_staff=is_staff, show=lambda lines: printer.show(lines, visit.view))
    printer.unread = visit.leave
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, visit.leave)

    def take(line: str | None) -> None:
        if line is None:
            visit.leave()
        else:
            visit.type(line)

    def hand_over(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(take, line)

    threading.Thread(target=_read, args=(hand_over,), daemon=True).start()
    ending = await visit.run()
    printer.close(ending, visit.view)
    return ending


def _read(hand_over: Callable[[str | None], None]) -> None:
    """Lines of standard input, then None.

    Read without Python's buffer: its lock would be held at the end of the program.
    """
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest = ""
    while chunk := os.read(0, CHUNK):
        *lines, rest = (rest + decode(chunk)).split("\n")
        for line in lines:
            hand_over(line)
    if rest:
        hand_over(rest)
    hand_over(None)
