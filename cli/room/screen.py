"""The room as a screen: who is here, what was said, what is yours alone, and a line to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input, RichLog, Static

from cli.room.attendance import Ending
from cli.room.door import Door
from cli.room.view import Kind, Line
from cli.room.visit import Visit

STYLES = {Kind.ROOM: "", Kind.PRIVATE: "bold magenta", Kind.NOTICE: "dim"}
HINT = "say something; /sos in private; /help"


class RoomScreen(App[Ending]):
    """Returns how the stay ended. Nothing that is typed or said is kept anywhere else."""

    CSS = """
    #room { width: 1fr; }
    #people { width: 28; height: 1fr; padding: 0 1; border-left: solid $primary; }
    #private { height: auto; padding: 0 1; background: $error; color: $text; text-style: bold; }
    #private.quiet { display: none; }
    #where { height: 1; padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+c,ctrl+d,ctrl+q", "leave", "Leave")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, door: Door, *, is_staff: bool) -> None:
        super().__init__()
        self._visit = Visit(door, is_staff=is_staff, show=self._show)

    @property
    def standing(self) -> Sequence[str]:
        """What may be relied on about calls for help."""
        return self._visit.view.standing

    def compose(self) -> ComposeResult:
        """The room and who is in it; below, apart from it, what is for this person alone."""
        with Horizontal():
            yield RichLog(id="room", wrap=True, markup=False, highlight=False, min_width=20)
            yield Static(id="people", markup=False)
        yield Static(id="private", classes="quiet", markup=False)
        yield Static(id="where", markup=False)
        yield Input(placeholder=HINT)

    def on_mount(self) -> None:
        """Go to the door."""
        self.query_one(Input).focus()
        self._show([])
        self.run_worker(self._stay())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line was typed."""
        event.input.clear()
        self._visit.type(event.value)

    def action_leave(self) -> None:
        """In good order; a second time at once."""
        self._visit.leave()

    async def _stay(self) -> None:
        self.exit(await self._visit.run())

    def _show(self, lines: Sequence[Line]) -> None:
        room = self.query_one("#room", RichLog)
        for line in lines:
            number = f"{line.number:>4} " if line.number else "     "
            room.write(Text(f"{number}{line.time}  {line.text}", style=STYLES[line.kind]))
        view = self._visit.view
        hands = ["", "Hands up", "", *view.activity.hands] if view.activity.hands else []
        self.query_one("#people", Static).update("\n".join(["Here", "", *view.people, *hands]))
        self.query_one("#where", Static).update(view.where)
        private = self.query_one("#private", Static)
        private.set_class(not view.standing, "quiet")
        private.update("\n".join(view.standing))


async def attend(door: Door, *, is_staff: bool) -> Ending:
    """Until the stay is over; what may be relied on is still there when the screen is gone."""
    screen = RoomScreen(door, is_staff=is_staff)
    ending = await screen.run_async() or Ending(1, "the screen was closed")
    closing = [] if ending.code else [ending.text]  # the command tells a failure itself
    for text in (*closing, *screen.standing):
        print(text)
    return ending
