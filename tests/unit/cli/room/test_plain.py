"""The room as lines."""

from __future__ import annotations

import os
from io import StringIO

from haven.sessions.v1 import resources_pb2 as pb

from cli.room.attendance import Ending
from cli.room.plain import REMIND_LINES, Printer
from tests.unit.cli.room.frames import CHAT, a_signal, a_view, happens, told, welcome


def test_one_line_per_event_says_where_it_belongs() -> None:
    out, view = StringIO(), a_view()
    printer = Printer(out)
    printer.show(view.take(happens(1, CHAT, "Heron", "good\nmorning")), view)
    assert out.getvalue() == "room       1  12:00:01  Heron: good / morning\n"


def test_what_may_be_relied_on_does_not_scroll_away() -> None:
    out, view = StringIO(), a_view()
    printer = Printer(out)
    printer.show(view.take(welcome("Heron")), view)
    printer.show(view.take(told(1, a_signal(pb.SAFETY_SIGNAL_STATE_SENT))), view)
    assert out.getvalue().count("private") == 1  # said once when it is news
    for number in range(1, 2 * REMIND_LINES + 1):
        printer.show(view.take(happens(number, CHAT, "Heron", "words")), view)
    assert out.getvalue().count("private") == 3


def test_a_change_that_no_event_told_is_said() -> None:
    out, view = StringIO(), a_view()
    printer = Printer(out)
    view.signals.pressed("r", "")
    printer.show([], view)
    printer.show([], view)
    assert out.getvalue().count("BEING SENT") == 1
    view.signals.answered("r", a_signal())
    printer.show([], view)
    assert "NOBODY HAS IT YET" in out.getvalue().splitlines()[-1]


def test_the_last_lines_say_what_may_be_relied_on_afterwards() -> None:
    out, view = StringIO(), a_view()
    printer = Printer(out)
    printer.show(view.take(told(1, a_signal(pb.SAFETY_SIGNAL_STATE_SENT))), view)
    printer.close(Ending(0, "you have left"), view)
    last, standing = out.getvalue().splitlines()[-2:]
    assert "you have left" in last
    assert "somebody is being called" in standing


def test_where_nobody_reads_any_more_one_leaves_and_nothing_breaks() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    left: list[bool] = []
    with os.fdopen(writer, "w") as out:
        printer, view = Printer(out), a_view()
        printer.unread = lambda: left.append(True)
        printer.show(view.take(happens(1, CHAT, "Heron", "good morning")), view)
        printer.show(view.take(happens(2, CHAT, "Heron", "is anybody here")), view)
    assert left == [True]
