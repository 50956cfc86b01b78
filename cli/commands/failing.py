"""How every command fails: the reason on standard error, status 1, no traceback."""

from __future__ import annotations

from typing import Any

import typer.core

from chassis.errors import HavenError
from chassis.settings import SettingsError


class Group(typer.core.TyperGroup):
    """Turns our own errors into one readable line; anything else is a bug and shows as one."""

    def invoke(self, ctx: Any) -> Any:
        """Run the sub-command."""
        try:
            return super().invoke(ctx)
        except HavenError as error:
            fail(f"{error.reason}: {error.text}" if error.text != error.reason else error.reason)
        except SettingsError as error:
            fail(str(error))


def fail(text: str) -> None:
    """Say why and end with status 1."""
    typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)
