"""`haven stack`: the whole platform on this machine, for a developer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import typer

app = typer.Typer(no_args_is_help=True, help="The whole platform on this machine.")
PID_FILE = "stack.pid"
DOWN_SECONDS = 60.0
RESTART_SECONDS = 2.0


@app.command()
def up() -> None:
    """Start servers and the sixteen processes and keep them running until Ctrl-C."""
    from cli.commands.welcome import show
    from cli.environment import run_folder, state
    from cli.stack import Stack

    if (running := running_pid(state())) is not None:
        typer.echo(f"A stack is running already (process {running}): haven stack down")
        raise typer.Exit(1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both end it in order
    pid_file = state() / PID_FILE
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(str(os.getpid()))
    try:
        with Stack(run_folder(), report=typer.echo) as stack:
            show(stack)
            _tend(stack)
    except KeyboardInterrupt:
        typer.echo("ended")
    finally:
        pid_file.unlink(missing_ok=True)


@app.command()
def down() -> None:
    """End the stack that `haven stack up` started, and everything in it."""
    from cli.environment import state
    from cli.servers.ready import wait_until

    if (pid := running_pid(state())) is None:
        typer.echo("no stack is running")
        return
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: running_pid(state()) is None, "the end of the stack", within=DOWN_SECONDS)
    typer.echo("ended")


def running_pid(state: Path) -> int | None:
    """The process of the running stack; None where none runs, whatever a file says."""
    file = state / PID_FILE
    if not file.exists():
        return None
    pid = file.read_text().strip()
    command = Path("/proc", pid, "cmdline")
    try:
        is_ours = b"stack" in command.read_bytes().split(b"\0")
    except OSError:
        return None
    return int(pid) if is_ours else None


def _tend(stack: object) -> None:
    """Start again what ends although nobody asked it to, as a cluster would."""
    from cli.stack import Stack

    assert isinstance(stack, Stack)
    while True:
        for name in stack.ended():
            typer.echo(f"{name} ended (see {stack.log_of(name)}): starting it again")
            stack.processes[name].start()
        signal.sigtimedwait([], RESTART_SECONDS)
