from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chassis.errors import FailedPrecondition
from cli.servers import install, rabbit
from cli.servers.child import Child
from cli.servers.ports import FIRST, LAST, free_port
from tests.waiting import eventually


def test_ports_are_free_different_and_no_clients() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    assert all(FIRST <= port <= LAST for port in ports)


def test_a_server_gets_its_neighbours_too() -> None:
    first = free_port(neighbours=1)
    assert first + 1 not in {free_port() for _ in range(200)}


def test_a_child_gets_no_more_of_the_environment_than_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "secret")
    child = Child(["env"], environment={"GIVEN": "1"}, log=tmp_path / "log")
    child.start()
    eventually(lambda: not child.is_running, within=10)
    said = child.last_words(50)
    assert "GIVEN=1" in said
    assert "PLANTED" not in said


def test_a_frozen_child_can_still_be_ended(tmp_path: Path) -> None:
    child = Child(["sleep", "600"], environment={}, log=tmp_path / "log")
    child.start()
    child.freeze()
    child.stop(within=5)
    assert child.exit_code == -signal.SIGTERM


def test_a_child_that_ignores_the_request_is_ended_all_the_same(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=1)"
    command = [sys.executable, "-c", f"{code}\nsignal.pause()"]
    child = Child(command, environment={}, log=tmp_path / "log")
    child.start()
    eventually(lambda: "deaf" in child.last_words(), within=10)
    child.stop(within=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    parent = (
        "import os, sys; from pathlib import Path; from cli.servers.child import Child;"
        "child = Child(['sleep', '600'], environment={}, log=Path(sys.argv[1]));"
        "child.start(); print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent, str(tmp_path / "log")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    pid = int(done.stdout)
    eventually(lambda: _has_ended(pid), within=5)


def _has_ended(pid: int) -> bool:
    try:
        return b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def test_a_command_that_does_not_exist_ends_with_a_word(tmp_path: Path) -> None:
    child = Child(["no-such-program"], environment={}, log=tmp_path / "log")
    child.start()
    eventually(lambda: child.exit_code == 1, within=10)
    assert "FileNotFoundError" in child.last_words()


def test_a_broker_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rabbitmq_server-3.8.9").mkdir()
    (tmp_path / "rabbitmq-server").touch()
    monkeypatch.setattr(rabbit, "HOMES", tmp_path)
    monkeypatch.setattr(rabbit, "BIN", tmp_path)
    with pytest.raises(FailedPrecondition, match=r"3\.8\.9 is older"):
        rabbit.need_rabbitmq()


def test_the_newest_installed_broker_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("3.9.13", "3.12.1", "3.10.8"):
        (tmp_path / f"rabbitmq_server-{version}").mkdir()
    monkeypatch.setattr(rabbit, "HOMES", tmp_path)
    assert rabbit.installed_version() == (3, 12, 1)


def test_without_root_and_sudo_the_command_to_type_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    with pytest.raises(FailedPrecondition, match="apt-get install --no-install-recommends rabbit"):
        install.install(["rabbitmq-server"], units=[], why="It is missing.")


def test_without_apt_the_other_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {}.get)
    with pytest.raises(FailedPrecondition, match=r"compose\.yaml"):
        install.install(["rabbitmq-server"], units=[], why="It is missing.")


def test_two_that_install_at_once_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """apt refuses the second one, and a first start brings two servers up side by side."""
    running, nobody_comes = threading.Semaphore(1), threading.Event()

    def apt(*_: object, **__: object) -> None:
        assert running.acquire(blocking=False), "another apt is at work"
        nobody_comes.wait(0.05)
        running.release()

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr(subprocess, "run", apt)
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(install.install, ["one"], units=[], why="") for _ in range(3)]:
            done.result()


class Machine:
    """The install script, run for real on a system of which every program only takes notes."""

    def __init__(self, folder: Path, *, systemd: bool) -> None:
        self.folder, self.policy = folder, folder / "policy-rc.d"
        self._script = install.INSTALL.replace("/usr/sbin/policy-rc.d", str(self.policy))
        self._script = self._script.replace("/etc/init.d", str(folder / "init.d"))
        self._script = self._script.replace("/run/systemd/system", "/" if systemd else "/none")
        (folder / "init.d").mkdir()
        (folder / "units").mkdir()
        noting = f'echo "${{0##*/}} $* $(tail -1 {self.policy} 2>&1)" >> {folder}/notes'
        # What a package brings exists once apt-get has run.
        self._program("apt-get", f"{noting}; touch {folder}/units/epmd.socket")
        self._program("systemctl", f"[ $1 != cat ] || exec test -e {folder}/units/$2; {noting}")
        self._program("update-rc.d", noting)

    def install(self, units: str) -> list[str]:
        """What the programs noted."""
        subprocess.run(
            ["/bin/sh", "-c", self._script, "sh", "rabbitmq-server", units],
            env={"PATH": f"{self.folder}:/usr/bin:/bin"},
            check=True,
        )
        return (self.folder / "notes").read_text().splitlines()

    def _program(self, name: str, body: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.folder / name).chmod(0o755)


def test_installing_starts_and_leaves_no_service(tmp_path: Path) -> None:
    machine = Machine(tmp_path, systemd=True)
    assert machine.install("rabbitmq-server epmd.socket") == [
        "apt-get update -q exit 101",
        "apt-get install -o DPkg::Lock::Timeout=300 -q -y --no-install-recommends"
        " rabbitmq-server exit 101",
        "systemctl disable --now rabbitmq-server exit 101",
        "systemctl disable --now epmd.socket exit 101",
    ]
    assert not machine.policy.exists()


def test_a_service_that_was_there_before_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, systemd=True)
    (tmp_path / "units" / "epmd.socket").touch()
    said = machine.install("rabbitmq-server epmd.socket")
    assert [line for line in said if "disable" in line] == [
        "systemctl disable --now rabbitmq-server exit 101"
    ]


def test_a_policy_of_the_machines_own_stays(tmp_path: Path) -> None:
    machine = Machine(tmp_path, systemd=False)
    machine.policy.write_text("own")
    machine.install("rabbitmq-server")
    assert machine.policy.read_text() == "own"
