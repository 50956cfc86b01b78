"""What somebody types into a room, as what they want. What is not understood is not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACTS = {
    "start": "StartSession",
    "break": "StartBreak",
    "resume": "EndBreak",
    "end": "EndSession",
}
# Handing over denies too, and somebody is asked to be in touch with the patient at once.
DECISIONS = ("admit", "deny", "handover")
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
class Do:
    """What is a frame of its own: which one, and what is in it besides its key."""

    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
    # To be shown with it.
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Decide:
    """A facilitator's word about somebody at the door."""

    verb: str
    about: str


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


Wish = Say | Press | Act | Do | Decide | Ask | Leave | Nothing
COMMANDS: Mapping[str, Wish] = {
    **{word: Act(method) for word, method in ACTS.items()},
    "who": Ask("who"),
    "help": Ask("help"),
    "leave": Leave(),
    "hand": Do("raise_hand"),
    "close": Do("close_poll"),
}
REACTIONS = ("heart", "applause", "agree", "me-too", "thanks")
STAFF_ONLY = {*ACTS, *DECISIONS, "poll", "poll-staff", "close"}
BEST_MOOD, LONG_NUMBER = 10, 4


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
    if word in STAFF_ONLY and not is_staff:
        return Nothing(f"/{word} is for the facilitator; nothing was sent")
    match word:
        case "mood":
            return _mood(rest, is_staff=is_staff)
        case "lower" | "react" | "vote" | "poll" | "poll-staff" | "admit" | "deny" | "handover":
            return _with_rest(word, rest)
    if word in COMMANDS and rest:
        return Nothing(f"/{word} takes nothing behind it; nothing was sent")
    return COMMANDS.get(word) or Nothing(
        f"/{word} is no command; nothing was sent. /help lists them, /sos calls for help in private"
    )


def _worry(alias: str) -> Wish:
    return Press(alias) if alias else Nothing("about whom? /sos ALIAS; nothing was sent")


def _mood(rest: str, *, is_staff: bool) -> Wish:
    """Staff ask. Whatever a patient writes on that line, staff hear that there was something."""
    if is_staff:
        return (
            Nothing("/mood asks everybody and takes nothing behind it") if rest else Do("ask_mood")
        )
    if not rest:
        return Nothing("how are you? /mood 0 (the worst) to 10 (the best); nothing was sent")
    if rest.isascii() and rest.isdigit() and len(rest) < LONG_NUMBER and int(rest) <= BEST_MOOD:
        return Do("give_mood", {"value": int(rest)})
    remark = "no number from 0 to 10: staff are told that you answered, and not what stands there"
    return Do("give_mood", remark=remark)


def _with_rest(word: str, rest: str) -> Wish:
    match word:
        case "admit" | "deny" | "handover":
            return Decide(word, rest) if rest else Nothing(f"whom? /{word} ALIAS; nothing was sent")
        case "lower":
            return Do("lower_hand", {"alias": rest})
        case "react":
            is_known = rest.lower() in REACTIONS
            usage = f"/react {' | '.join(REACTIONS)}; nothing was sent"
            return Do("react", {"reaction": rest.lower()}) if is_known else Nothing(usage)
        case "vote":
            is_number = rest.isascii() and rest.isdigit() and len(rest) < LONG_NUMBER
            usage = "/vote and the number of the option; nothing was sent"
            return Do("vote", {"option": int(rest)}) if is_number else Nothing(usage)
    return _poll(word, rest)


def _poll(word: str, rest: str) -> Wish:
    question, *options = (part.strip() for part in rest.split("|"))
    if not question or not options:
        return Nothing(f"/{word} QUESTION | ONE | ANOTHER; nothing was sent")
    audience = "all" if word == "poll" else "staff"
    return Do("open_poll", {"question": question, "options": options, "audience": audience})
