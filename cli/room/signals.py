"""Safety signals as one person knows them: what may be relied on, from several sources.

Numbered private events count most, then the welcome (by the number it was made at), then answers
to requests and what was told before it was stored. Nothing older takes the place of news.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from haven.sessions.v1 import resources_pb2 as pb

from cli.room import words
from cli.room.plain_line import shown


@dataclass(slots=True)
class Known:
    """A signal, the number of the private log that it was told at (0 = none), and whether the
    connection was lost since."""

    signal: pb.SafetySignal
    as_of: int = 0
    is_late: bool = False


class Signals:
    """All that were pressed here or that the service told of."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._unanswered: dict[str, str] = {}  # request_id -> about whom; empty = oneself

    def pressed(self, request_id: str, about: str) -> None:
        """Somebody presses; until the service has answered nobody is known to have it."""
        self._unanswered[request_id] = about

    def answered(self, request_id: str, signal: pb.SafetySignal) -> None:
        """The service answered the press, or was asked again."""
        about = self._unanswered.pop(request_id, "")
        self._note(signal, 0, alias=about)

    def refused(self, request_id: str) -> None:
        """There is no such signal."""
        self._unanswered.pop(request_id, None)

    def told(self, event: pb.PrivateEvent) -> None:
        """A private event came."""
        self._note(event.safety_signal, event.number)

    def welcomed(self, signals: Iterable[pb.SafetySignal], as_of: int) -> None:
        """What is open as the welcome says, made at this number of the private log."""
        for signal in signals:
            self._note(signal, as_of, is_stored=True)

    def unnumbered(self) -> Iterator[pb.SafetySignal]:
        """Those whose news would not come again by themselves after a lost connection."""
        for known in self._known.values():
            if not known.as_of and known.signal.state != pb.SAFETY_SIGNAL_STATE_RESOLVED:
                yield known.signal

    def open(self) -> Iterator[pb.SafetySignal]:
        """Those that are not resolved."""
        for known in self._known.values():
            if known.signal.state != pb.SAFETY_SIGNAL_STATE_RESOLVED:
                yield known.signal

    def unanswered(self) -> Iterator[str]:
        """Presses that wait for their first answer, in words."""
        for about in self._unanswered.values():
            whose = f"call for help of {shown(about)}" if about else "your call for help"
            yield (
                f"{whose}: BEING SENT, nobody is known to have it. "
                f"If it cannot wait call {words.CALL_NUMBER}"
            )

    def all(self) -> Iterator[Known]:
        """Every one, the oldest first."""
        yield from self._known.values()

    def lost(self) -> None:
        """The connection is gone: what is known may have changed since."""
        for known in self._known.values():
            known.is_late = True

    def found(self) -> None:
        """The connection is back, and with it whatever changed."""
        for known in self._known.values():
            known.is_late = False

    def _note(
        self, signal: pb.SafetySignal, number: int, *, is_stored: bool = False, alias: str = ""
    ) -> None:
        known = self._known.get(signal.safety_signal_id)
        if known is not None and known.as_of > number:
            return
        if known is not None and not number and known.signal.is_stored and not signal.is_stored:
            return  # told before it was stored, and late
        kept = pb.SafetySignal()
        kept.CopyFrom(signal)
        kept.is_stored = kept.is_stored or is_stored
        kept.alias = kept.alias or alias or (known.signal.alias if known else "")
        self._known[signal.safety_signal_id] = Known(kept, number)
