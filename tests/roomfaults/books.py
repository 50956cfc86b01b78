"""What may not have happened to anybody, whatever broke: read from what each device saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from haven.sessions.v1 import resources_pb2 as resources

JOINED = resources.ROOM_EVENT_KIND_JOINED
LEFT = resources.ROOM_EVENT_KIND_LEFT
HEARTBEAT_SECONDS = 10.0  # as the tenant's numbers have it


@dataclass(frozen=True, slots=True)
class Seen:
    """One device's view of a room: what came, what was said with it, and who it was."""

    name: str
    alias: str
    events: Sequence[resources.RoomEvent]
    said: Sequence[str] = ()


def wrong_in(head: int, everyone: Sequence[Seen]) -> list[str]:
    """Of one room whose log ends at `head`: what is missing, doubled, out of order, or unequal."""
    wrong = [text for each in everyone for text in _misnumbered(head, each)]
    if wrong or not everyone:
        return wrong
    first, *others = everyone
    shown = [_shown(event) for event in first.events]
    wrong += [
        f"{each.name} was shown something else than {first.name}"
        for each in others
        if [_shown(event) for event in each.events] != shown
    ]
    texts = Counter(event.text for event in first.events)
    wrong += [
        f"{each.name} said {text!r} once, and {texts[text]} came"
        for each in everyone
        for text in each.said
        if texts[text] != 1
    ]
    return [*wrong, *_seats(first.events, {each.alias: each.name for each in everyone})]


def wrong_minutes(name: str, counted: float, *, least: float, most: float) -> list[str]:
    """Within one heartbeat of the time between the first welcome and now, and whole seconds."""
    if least - HEARTBEAT_SECONDS - 1 <= counted <= most:
        return []
    return [f"{name} was there for {least:.0f} to {most:.0f} s, and {counted:.0f} s count"]


def _misnumbered(head: int, seen: Seen) -> Iterator[str]:
    numbers = [event.number for event in seen.events]
    if numbers == list(range(1, head + 1)):
        return
    missing = sorted(set(range(1, head + 1)) - set(numbers))
    twice = sorted(number for number, times in Counter(numbers).items() if times > 1)
    text = f"{len(numbers)} events of {head}, missing {missing[:5]}, twice {twice[:5]}"
    yield f"{seen.name}: {text}"


def _shown(event: resources.RoomEvent) -> tuple[object, ...]:
    """What every participant may see: the facilitator is shown who it was besides."""
    return event.number, event.kind, event.alias, event.text, event.create_time.ToNanoseconds()


def _seats(events: Sequence[resources.RoomEvent], names: Mapping[str, str]) -> list[str]:
    """Everybody came once and was never let go."""
    came = Counter(event.alias for event in events if event.kind == JOINED)
    went = Counter(event.alias for event in events if event.kind == LEFT)
    return [
        f"{name} joined {came[alias]} times and left {went[alias]} times"
        for alias, name in names.items()
        if (came[alias], went[alias]) != (1, 0)
    ]
