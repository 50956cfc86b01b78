"""`haven room`: a group at work, seen from a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from cli.room.attendance import Ending
    from cli.room.door import Door

STANDARD_INPUT = "-"
app = typer.Typer(no_args_is_help=True, help="Live rooms, in a terminal.")


class As(StrEnum):
    """What somebody is in a room."""

    PATIENT = "patient"
    FACILITATOR = "facilitator"


class Face(Protocol):
    """How a visit is shown."""

    async def __call__(self, door: Door, *, is_staff: bool) -> Ending: ...


ROLES = {As.PATIENT: {"patient"}, As.FACILITATOR: {"clinician", "supervisor"}}
LOCAL_ROLE = {As.PATIENT: "patient", As.FACILITATOR: "clinician"}


@app.command()
def join(  # noqa: PLR0913  # one option each
    session_id: Annotated[str, typer.Argument(help="The session.")],
    *,
    role: Annotated[As, typer.Option("--as", help="What you are there.")],
    token: Annotated[
        str,
        typer.Option(
            envvar="HAVEN_TOKEN",
            help="A token; - reads a line. Better in HAVEN_TOKEN: others may see a command line.",
        ),
    ] = "",
    person: Annotated[str, typer.Option(help="Without a token: who, on the local stack.")] = "",
    tenant: Annotated[str, typer.Option(help="Without a token: of which provider.")] = "",
    address: Annotated[str, typer.Option(help="Where, if not the local stack.")] = "",
    plain: Annotated[bool, typer.Option("--plain", help="Lines, no screen.")] = False,
) -> None:
    """Be in a session's room: see it, speak, call for help; /help says how."""
    import asyncio

    from cli.commands.calls import address_of
    from cli.commands.failing import fail
    from cli.room.door import Door

    where = address or address_of("sessions")
    door = Door(where, session_id, _tokens(role, token, person, tenant))
    attend = _face(has_screen=not plain and sys.stdin.isatty() and sys.stdout.isatty())
    ending = asyncio.run(attend(door, is_staff=role is As.FACILITATOR))
    if ending.code:
        fail(ending.text)  # shown in the room as well, and here where errors are looked for


@app.command("try")
def try_() -> None:
    """On the running local stack, schedule a group that starts now and say how to join it."""
    from cli.room.trial import prepare

    for line in prepare():
        typer.echo(line)


def _tokens(role: As, token: str, person: str, tenant: str) -> Callable[[], str]:
    """Where tokens come from: one of this machine is made anew for each call, so none runs out."""
    from chassis.errors import InvalidArgument
    from cli.commands.tokens import issue
    from cli.room.door import Bearer

    if bool(person) != bool(tenant) or not (person or token):
        text = "give HAVEN_TOKEN, or --person and --tenant on the local stack"
        raise InvalidArgument("TOKEN_MISSING", text)
    if person:
        return lambda: issue(tenant, person, [LOCAL_ROLE[role]])
    bearer = _line() if token == STANDARD_INPUT else token.strip()
    if not Bearer.of(bearer).roles & ROLES[role]:
        allowed = " or ".join(sorted(ROLES[role]))
        raise InvalidArgument("ROLE_NOT_ALLOWED", f"a {role} comes with a token of a {allowed}")
    return lambda: bearer


def _line() -> str:
    """The first line of standard input, and not a byte more."""
    read = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        read += byte
    return read.decode(errors="replace").strip()


def _face(*, has_screen: bool) -> Face:
    """A screen where there is a terminal and `textual` to draw on it; lines everywhere else."""
    from cli.room import plain

    if has_screen and find_spec("textual") is not None:
        from cli.room import screen

        return screen.attend
    return plain.attend
