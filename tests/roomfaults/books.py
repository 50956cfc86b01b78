"""What may not have happened to anybody, whatever broke: read from what each device saw, and from
when Haven heard them.

Who was silent for too long is let go and comes again; a busy machine makes devices silent. So a
log may tell of people who left though nobody sent them; the ledger must tell why: nothing was heard
of them for `SILENCE`. And nobody comes in unheard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from haven.sessions.v1 import resources_pb2 as resources

JOINED = resources.ROOM_EVENT_KIND_JOINED
LEFT = resources.ROOM_EVENT_KIND_LEFT
# As the tenant's numbers have it.
HEARTBEAT_SECONDS = 10.0
SILENCE = timedelta(seconds=30)
Span = tuple[datetime, datetime]  # from the first to the last that was heard without a silence


@dataclass(frozen=True, slots=True)
class Seen:
    """One device's view of a room: what came, what was said with it, who it was, and when Haven
    heard them."""

    name: str
    alias: str
    events: Sequence[resources.RoomEvent]
    said: Sequence[str] = ()
    heard: Sequence[Span] = ()


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
    wrong += [text for each in everyone for text in _seats(first.events, each)]
    return wrong


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


def losses_in(everyone: Sequence[Seen]) -> int:
    """How often one of them was taken for lost, as the log tells it."""
    aliases = {each.alias for each in everyone}
    log = everyone[0].events if everyone else ()
    return sum(each.kind == LEFT and each.alias in aliases for each in log)


def _seats(events: Sequence[resources.RoomEvent], seen: Seen) -> Iterator[str]:
    """They came, and are here; and were never let go while they were heard."""
    own = [each for each in events if each.alias == seen.alias and each.kind in {JOINED, LEFT}]
    if [each.kind for each in own] != [JOINED, LEFT] * (len(own) // 2) + [JOINED]:
        story = ", ".join(resources.RoomEventKind.Name(each.kind) for each in own)
        yield f"{seen.name} came and went as {story or 'nobody'}"
    for event in own:
        at = event.create_time.ToDatetime(UTC)
        if event.kind == JOINED and all(start != at for start, _ in seen.heard):
            yield f"{seen.name} joined at {at} and was not heard then"
        if event.kind == LEFT and any(start < at < end + SILENCE for start, end in seen.heard):
            yield f"{seen.name} left at {at} and was heard less than {SILENCE} before, or after"
