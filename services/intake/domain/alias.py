"""The only name that peers in a group see: friendly, neutral, and of no use anywhere else.

The words come from a keyed hash of patient and group. Without the tenant's key nobody can tell
whether two names in two groups belong to one person.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

ADJECTIVES = (
    "Amber", "Autumn", "Azure", "Brave", "Bright", "Calm", "Cedar", "Clear", "Coastal", "Copper",
    "Coral", "Cosmic", "Crimson", "Crystal", "Dawn", "Eager", "Early", "Ember", "Evening", "Fair",
    "Fern", "Gentle", "Ginger", "Golden", "Green", "Hazel", "Indigo", "Ivory", "Jade", "Kind",
    "Lemon", "Lilac", "Linen", "Lively", "Lunar", "Maple", "Marble", "Meadow", "Mellow", "Misty",
    "Morning", "Mossy", "Noble", "Northern", "Ocean", "Olive", "Opal", "Pearl", "Plain", "Quiet",
    "River", "Rosy", "Ruby", "Sandy", "Scarlet", "Silver", "Solar", "Spring", "Steady", "Summer",
    "Sunny", "Teal", "Tidal", "Velvet", "Violet", "Warm", "Western", "Willow", "Winter",
)  # fmt: skip
NOUNS = (
    "Acorn", "Alder", "Aspen", "Badger", "Beaver", "Birch", "Bison", "Bluebell", "Briar",
    "Cardinal", "Clover", "Cormorant", "Crane", "Cricket", "Curlew", "Daisy", "Dolphin", "Dove",
    "Elm", "Falcon", "Finch", "Firefly", "Foxglove", "Gecko", "Heather", "Heron", "Hickory",
    "Ibis", "Iris", "Jasmine", "Juniper", "Kestrel", "Kingfisher", "Lark", "Laurel", "Lavender",
    "Linden", "Lotus", "Lynx", "Magnolia", "Marigold", "Marten", "Mulberry", "Newt", "Oak",
    "Orchid", "Osprey", "Otter", "Owl", "Panda", "Pebble", "Pelican", "Petrel", "Plover", "Poppy",
    "Primrose", "Puffin", "Quail", "Raven", "Robin", "Rowan", "Salmon", "Seal", "Sparrow",
    "Spruce", "Starling", "Stork", "Swallow", "Swan", "Sycamore", "Thistle", "Thrush", "Tulip",
    "Turtle", "Walnut", "Wren", "Yarrow", "Zinnia",
)  # fmt: skip
NUMBERS = range(10, 100)
# A group has some ten members and there are half a million names: this is never reached.
ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class AliasWasAssigned:
    """Peers of this group may see this name for this patient."""

    patient_id: str
    group_id: str
    alias: str


@dataclass(kw_only=True)
class Alias:
    """One patient's name in one group."""

    id: str
    patient_id: str
    group_id: str
    alias: str
    is_part2_protected: bool
    create_time: datetime
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def announce(self) -> None:
        """Tell those who show it; once, when it is assigned."""
        self.events.append(AliasWasAssigned(self.patient_id, self.group_id, self.alias))


def alias_candidate(key: bytes, *, patient_id: str, group_id: str, attempt: int) -> str:
    """The name for this attempt: the same for ever, and the next attempt gives another."""
    message = "\x1f".join(("alias", patient_id, group_id, str(attempt))).encode()
    number = int.from_bytes(hmac.new(key, message, hashlib.sha256).digest())
    number, noun = divmod(number, len(NOUNS))
    number, adjective = divmod(number, len(ADJECTIVES))
    return f"{ADJECTIVES[adjective]} {NOUNS[noun]} {NUMBERS[number % len(NUMBERS)]}"
