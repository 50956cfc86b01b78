"""What somebody types into a room, as what they want. What is not understood is not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ACTS = {
    "start": "StartSession",
    "break": "StartBreak",
    "resume": "EndBreak",
    "end": "EndSession",
}
COMMAND, SPOKEN_SLASH = "/", "//"


@dataclass(frozen=True, slots=True)
class Say:
    """To the room."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """The private safety signal; for staff, about whom."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What a facilitator does to the whole room: the method of that name."""

    method: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that this client answers by itself: who, help."""

    what: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go in good order."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is sent; `why` is what to say about it, empty for an empty line."""

    why: str = ""


Wish = Say | Press | Act | Ask | Leave | Nothing
COMMANDS: Mapping[str, Wish] = {
    **{word: Act(method) for word, method in ACTS.items()},
    "who": Ask("who"),
    "help": Ask("help"),
    "leave": Leave(),
}


def wish(line: str, *, is_staff: bool) -> Wish:
    """What the line asks for. A slash begins a command, two say one."""
    text = line.strip()
    if not text:
        return Nothing()
    if text.startswith(SPOKEN_SLASH):
        return Say(text.removeprefix(COMMAND))
    if not text.startswith(COMMAND):
        return Say(text)
    word, _, rest = text.removeprefix(COMMAND).lstrip().partition(" ")
    return _command(word.lower(), rest.strip(), is_staff=is_staff)


def _command(word: str, rest: str, *, is_staff: bool) -> Wish:
    if word == "sos":
        # Whatever else a patient writes on that line: it is a call for help.
        return _worry(rest) if is_staff else Press()
    if word in ACTS and not is_staff:
        return Nothing(f"/{word} is for the facilitator; nothing was sent")
    if word in COMMANDS and rest:
        return Nothing(f"/{word} takes nothing behind it; nothing was sent")
    return COMMANDS.get(word) or Nothing(
        f"/{word} is no command; nothing was sent. /help lists them, /sos calls for help in private"
    )


def _worry(alias: str) -> Wish:
    return Press(alias) if alias else Nothing("about whom? /sos ALIAS; nothing was sent")
