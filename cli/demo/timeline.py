"""What a person sees while the story runs: chapters, facts with latencies, checked claims."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

T = TypeVar("T")
POLL_SECONDS = 0.02
QUIET_SECONDS = 2.0  # where no spinner can turn, longer waits are told in a line
WIDTH = 100


class ClaimFailed(Exception):
    """The story cannot go on: something it stands on did not happen."""


@dataclass
class Timeline:
    """Prints as it goes and remembers every claim."""

    console: Console = field(default_factory=lambda: Console(highlight=False, width=WIDTH))
    # How much longer than in the demo everything may take; a busy machine needs patience.
    patience: float = 1.0
    start: float = field(default_factory=time.monotonic)
    claims: int = 0
    failed: list[str] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        """Open a chapter of the story."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def note(self, who: str, text: str, *, milliseconds: float | None = None) -> None:
        """State a fact, with how long it took where that was measured."""
        took = "" if milliseconds is None else f"[cyan]{milliseconds:.0f} ms[/cyan]"
        self._line(who, text, took)

    def claim(self, text: str, holds: bool, *, seen: str = "") -> None:
        """State a claim that has just been checked."""
        self.claims += 1
        self._line("", text, "[green]ok[/green]" if holds else "[red]FAILED[/red]")
        if not holds:
            self.failed.append(text)
            self._line("", f"[red]seen: {escape(seen) or 'the opposite'}[/red]")

    def wait(self, text: str, look: Callable[[], T | None], *, within: float) -> T:
        """Look until something is there, show that we wait, and fail the story past the bound."""
        end = time.monotonic() + within * self.patience
        with self._waiting(text):
            while time.monotonic() < end:
                found = look()
                if found:
                    return found
                time.sleep(POLL_SECONDS)
        self.claim(f"{text} (within {within:g} s)", False, seen="nothing in that time")
        raise ClaimFailed(text)

    def verdict(self) -> int:
        """Sum up; 0 only where every claim held."""
        took = time.monotonic() - self.start
        if self.failed:
            self.console.print(f"\n[red]{len(self.failed)} of {self.claims} claims failed[/red]")
            for text in self.failed:
                self.console.print(f"  - {text}")
            return 1
        self.console.print(f"\n[green]All {self.claims} claims held[/green], in {took:.0f} s")
        return 0

    def _line(self, who: str, text: str, result: str = "") -> None:
        """When, where, what, and how it came out; long texts stay in their column."""
        line = Table.grid(padding=(0, 1))
        line.add_column(width=10, justify="right", style="dim")
        line.add_column(width=10, style="dim")
        line.add_column(width=WIDTH - 34)
        line.add_column(width=9, justify="right")
        line.add_row(f"+{time.monotonic() - self.start:.2f} s", who, text, result)
        self.console.print(line)

    @contextmanager
    def _waiting(self, text: str) -> Iterator[None]:
        if self.console.is_terminal:
            with self.console.status(f"{text} ..."):
                yield
        else:
            late = threading.Timer(QUIET_SECONDS, self.note, ("waiting", f"for {text} ..."))
            late.start()
            try:
                yield
            finally:
                late.cancel()


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """The result of an act and the milliseconds it took."""
    before = time.perf_counter()
    result = act()
    return result, (time.perf_counter() - before) * 1000
