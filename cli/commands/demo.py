"""`haven demo`: the main job, played and checked."""

from __future__ import annotations

import typer


def demo() -> None:
    """One patient from referral to a first group session, with a crisis on the way."""
    from cli.demo.main import main

    raise typer.Exit(main())
