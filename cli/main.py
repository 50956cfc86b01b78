"""`haven`: the command line of the platform. Each command loads what it needs when it runs."""

from __future__ import annotations

import typer

from cli.commands import (
    audit,
    calls,
    dead_letters,
    demo,
    indexes,
    room,
    stack,
    templates,
    tokens,
    topology,
)
from cli.commands.failing import Group

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold what must not be shown
    help="The open backend for virtual intensive outpatient programs.",
)
app.add_typer(stack.app, name="stack")
app.command("demo")(demo.demo)
app.command("token")(tokens.token)
app.command("call")(calls.call)
app.add_typer(room.app, name="room")
app.add_typer(indexes.app, name="indexes")
app.add_typer(topology.app, name="topology")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(audit.app, name="audit")
app.add_typer(templates.app, name="templates")

if __name__ == "__main__":
    app()
