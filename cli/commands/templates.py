"""`haven templates`: what messages say, and whether a lock screen may show it."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Wordings of messages.")


@app.command()
def show() -> None:
    """Every form of every version, as it is written."""
    from services.notify.domain.template import TEMPLATES

    for each in TEMPLATES.values():
        for language, forms in each.forms.items():
            for channel, form in forms.items():
                typer.echo(f"{each.ref.id} {each.ref.version} {language} {channel}")
                for part in (form.subject, form.body.rstrip()):
                    typer.echo("".join(f"    {line}\n" for line in part.splitlines()), nl=False)


@app.command()
def lint() -> None:
    """Fail where a form tells something, carries an unknown value, or does not fit its channel."""
    from services.notify.domain.lock_screen import faults
    from services.notify.domain.template import TEMPLATES

    found = [
        f"{each.ref.id} {each.ref.version}: {fault}"
        for each in TEMPLATES.values()
        for fault in faults(each)
    ]
    for line in found:
        typer.echo(line, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(TEMPLATES)} versions, nothing to refuse")
