"""`haven indexes`: made before the code that needs them is rolled out."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The databases' indexes.")


@app.command()
def apply() -> None:
    """Make every index that is missing, in every service's database."""
    from cli.environment import current
    from cli.provision import apply_indexes

    apply_indexes(current())
    typer.echo("all indexes exist")


@app.command()
def check() -> None:
    """Name the indexes that are missing; status 1 where one is."""
    from cli.environment import current
    from cli.provision import missing_indexes

    missing = missing_indexes(current())
    for service, names in missing.items():
        for name in names:
            typer.echo(f"{service}: {name} is missing")
    if any(missing.values()):
        raise typer.Exit(1)
    typer.echo("all indexes exist")
