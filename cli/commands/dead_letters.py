"""`haven dead-letters`: parked messages, seen by their headers alone, and put back by a person."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Parked messages.")
Queue = Annotated[str, typer.Argument(help="The queue, without .dead.")]


@app.command("list")
def list_(queue: Annotated[str, typer.Argument(help="One queue; all by default.")] = "") -> None:
    """Count what is parked, or show one queue's messages without their bodies."""
    from chassis.dead_letters import list_dead
    from cli.environment import current
    from cli.provision import amqp_uri

    uri = amqp_uri(current())
    for name in [queue] if queue else _parking(uri):
        for letter in list_dead(uri, name):
            facts = (letter.event_id, letter.type, letter.tenant_id, letter.reason)
            typer.echo("  ".join((name, *facts, f"attempts={letter.attempts}", letter.create_time)))


@app.command()
def redrive(
    queue: Queue,
    limit: Annotated[int, typer.Option(help="At most so many; 0 is all.")] = 0,
) -> None:
    """Put parked messages back into their queue; what fails again is parked again."""
    from chassis.dead_letters import redrive as put_back
    from cli.environment import current
    from cli.provision import amqp_uri

    count = put_back(amqp_uri(current()), queue, limit=limit or None)
    typer.echo(f"{count} put back")


def _parking(uri: str) -> list[str]:
    """Queues whose dead queue holds something; says so where none does."""
    from chassis.dead_letters import count_dead, dead_queues
    from cli.provision import catalogue

    counts = count_dead(uri, dead_queues(catalogue()))
    parking = [name.removesuffix(".dead") for name, count in counts.items() if count]
    if not parking:
        typer.echo("no message is parked")
    return parking
