"""Child processes that never outlive this one, can be frozen, and write to one log file."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from cli.servers.ready import wait_until

# Exec'd into place of itself: asks the kernel to kill this process when its parent ends, then
# becomes the command. A parent that died meanwhile is seen by its number.
TRAMPOLINE = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
STOPPED = frozenset("TtZX")  # by a signal, or gone
STOP_SECONDS = 10.0
# Children get no more of our environment than this and what they are given by name.
BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}


class _Spawner:
    """Starts every child from one thread that lives as long as we do.

    The kernel sends the parent-death signal when the *thread* that started the child ends.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[
            tuple[Future[subprocess.Popen[bytes]], Callable[[], subprocess.Popen[bytes]]]
        ] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def spawn(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Run `start` on the spawning thread."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="spawner", daemon=True)
                self._thread.start()
        answer: Future[subprocess.Popen[bytes]] = Future()
        self._work.put((answer, start))
        return answer.result()

    def _run(self) -> None:
        while True:
            answer, start = self._work.get()
            try:
                answer.set_result(start())
            except OSError as error:
                answer.set_exception(error)


_spawner = _Spawner()


class Child:
    """One command, running or not; may be started again after it ended."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
    ) -> None:
        self.command = list(command)
        self.log = log
        self.environment = {**BASE_ENVIRONMENT, **environment}
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of the running process."""
        if self._process is None:
            raise AssertionError("not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """False once the process has ended, however it did."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us first, and we stop it in order."""
        if self.is_running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)

        def run() -> subprocess.Popen[bytes]:
            with self.log.open("ab") as log:
                return subprocess.Popen(  # noqa: S603  # our own commands, no shell
                    [sys.executable, "-I", "-S", "-c", TRAMPOLINE, str(os.getpid()), *self.command],
                    env=self.environment,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

        self._process = _spawner.spawn(run)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the running process."""
        if self._process is not None:
            self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open and nothing answers any more."""
        self.send(signal.SIGSTOP)
        wait_until(self._has_stopped, "the stop of all threads", within=STOP_SECONDS, every=0.005)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, without a word to it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask_to_end(self) -> None:
        """Say SIGTERM and do not wait for it."""
        if self.is_running:
            self.thaw()
            self.send(signal.SIGTERM)

    def stop(self, *, within: float = 10.0) -> None:
        """Ask it to end; end it when it has not after `within` seconds."""
        if self._process is None or self._process.poll() is not None:
            return
        self.ask_to_end()
        try:
            self._process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.kill()

    def _has_stopped(self) -> bool:
        threads = Path(f"/proc/{self.pid}/task").glob("*/stat")
        try:
            return all(
                stat.read_text().rpartition(")")[2].split()[0] in STOPPED for stat in threads
            )
        except OSError:
            return False  # a thread ended meanwhile: look again

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
