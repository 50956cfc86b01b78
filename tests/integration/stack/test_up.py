"""`make run` as a developer meets it: it says how to call, and ends without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
from typer.testing import CliRunner

from cli.main import app
from tests.waiting import eventually

LAST_WORDS = "ends everything"


def test_up_says_how_to_call_and_down_leaves_nothing(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
    state = {"HAVEN_STATE": str(tmp_path)}
    command = [sys.executable, "-m", "cli.main", "stack", "up"]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ | state)
    assert up.stdout is not None
    try:
        said = ""
        for line in up.stdout:
            said += line
            if LAST_WORDS in line:
                break
        family = psutil.Process(up.pid).children(recursive=True)
        again = CliRunner(env=state).invoke(app, ["stack", "up"])
        down = CliRunner(env=state).invoke(app, ["stack", "down"])
        assert up.wait(timeout=120) == 0
    finally:
        up.kill()
        up.wait()
        up.stdout.close()
    assert len(family) >= 20  # sixteen processes, SMTP, MongoDB, epmd, RabbitMQ
    assert (again.exit_code, "already" in again.output) == (1, True)
    assert (down.exit_code, down.output) == (0, "ended\n")
    assert all(
        word in said for word in ("haven token", "haven room try", "grpcurl", "traces.jsonl")
    )
    eventually(lambda: not any(process.is_running() for process in family), within=10)
    assert not list(tmp_path.glob("*.pid"))
