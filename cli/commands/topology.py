"""`haven topology`: what travels between services, and its queues in the broker."""

from __future__ import annotations

import json

import typer

app = typer.Typer(no_args_is_help=True, help="Events, exchanges and queues.")


@app.command()
def show() -> None:
    """Every event: its class, who publishes it and who receives it."""
    from cli.provision import catalogue

    for spec in catalogue().events.values():
        way = f"{spec.service} -> {' '.join(spec.consumers)}"
        typer.echo(f"{spec.message_class:9} {spec.routing_key:34} {way:40} {spec.type}")


@app.command()
def declare() -> None:
    """Make every exchange, queue and binding exist in the broker."""
    from cli.environment import current
    from cli.provision import amqp_uri, declare_topology

    declare_topology(amqp_uri(current()))
    typer.echo("all exchanges, queues and bindings exist")


@app.command()
def check() -> None:
    """Fail where the broker lacks an exchange or a queue."""
    from cli.environment import current
    from cli.provision import amqp_uri, check_topology

    check_topology(amqp_uri(current()))
    typer.echo("all exchanges and queues exist")


@app.command()
def definitions(vhost: str = "/") -> None:
    """The same as a RabbitMQ definitions file."""
    from chassis.topology import topology_of
    from cli.provision import catalogue

    typer.echo(json.dumps(topology_of(catalogue()).definitions(vhost), indent=1))
