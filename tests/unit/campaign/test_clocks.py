"""A stepped process believes what the test says, from its own first line on."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.campaign.clocks import Clocks

HOUR, SLACK = timedelta(hours=1), timedelta(minutes=5)
ASKS = """
import time
from datetime import UTC, datetime
print(datetime.now(UTC).timestamp(), datetime.now().timestamp(), time.time(), time.time_ns() / 1e9)
import grpc._channel
print(grpc._channel.time.time())
"""


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    package = tmp_path / "services" / "crisis"
    package.mkdir(parents=True)
    for each in (package.parent, package):
        (each / "__init__.py").touch()
    (package / "relay.py").write_text(ASKS)
    return Clocks(tmp_path / "clocks", ["crisis-relay"])


def read_by_a_process(clocks: Clocks, folder: Path) -> tuple[list[timedelta], timedelta]:
    """How far its times are off, and that of gRPC, whose other half asks the kernel."""
    done = subprocess.run(
        [sys.executable, "-m", "services.crisis.relay"],
        env={**os.environ, **clocks.variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    now = datetime.now(UTC)
    *own, grpc = (datetime.fromtimestamp(float(each), UTC) - now for each in done.stdout.split())
    return own, grpc


@pytest.mark.parametrize("by", [HOUR, -HOUR, timedelta(0)])
def test_every_way_to_ask_python_the_time_is_off_and_grpc_is_not(
    clocks: Clocks, tmp_path: Path, by: timedelta
) -> None:
    assert clocks.told("crisis-relay") is None
    clocks.step("crisis-relay", by)

    own, grpc = read_by_a_process(clocks, tmp_path)

    assert all(abs(each - by) < SLACK for each in own)
    assert abs(grpc) < SLACK
    assert clocks.told("crisis-relay") == by
