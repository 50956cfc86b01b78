"""The whole platform on one machine: servers, topology, indexes and the sixteen processes."""

from __future__ import annotations

import atexit
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from honcho.environ import parse_procfile

from chassis.errors import FailedPrecondition
from cli import provision
from cli.environment import (
    AUDITOR,
    FILE,
    ROOT,
    LocalEnvironment,
    Uris,
    own_addresses,
    prepare,
    variable,
)
from cli.probes import is_ready
from cli.servers import MongoServer, RabbitServer, SmtpServer
from cli.servers.child import BASE_ENVIRONMENT, Child
from cli.servers.ready import wait_until

READY_SECONDS = 120.0  # 10 s alone on two cores; a busy machine needs patience
STOP_SECONDS = 30.0
AT_ONCE = 5  # sixteen interpreters at once on two cores make every one of them slow
# A process that finds a server too slow to answer ends and is started again, as in a cluster.
STARTS = 3
Report = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Replica:
    """What was added: one more of which process, and what it alone is told."""

    like: str
    variables: Mapping[str, str]


class Stack:
    """Everything Haven needs, started in order and ended in order. Use it in a `with`.

    Data is fresh at every start, logs are under `<folder>/logs`. With `only`, just these processes
    are started: others may be added.
    """

    def __init__(
        self,
        folder: Path,
        *,
        given: Uris | None = None,
        more: Mapping[str, str] | None = None,
        only: Collection[str] = (),
        report: Report = str,
    ) -> None:
        self.folder = folder
        self.smtp: SmtpServer | None = None  # None where another server was given
        self.broker: RabbitServer | None = None
        self.database: MongoServer | None = None
        self._given = Uris.given() if given is None else given
        self._more, self._report = dict(more or {}), report
        self._only = frozenset(only)
        self._processes: dict[str, Child] = {}
        self._replicas: dict[str, Replica] = {}
        self._failed_starts: Counter[str] = Counter()
        self._environment: LocalEnvironment | None = None
        self._servers = ExitStack()

    @property
    def environment(self) -> LocalEnvironment:
        """What the processes were told."""
        if self._environment is None:
            raise AssertionError("not started")
        return self._environment

    @property
    def processes(self) -> Mapping[str, Child]:
        """The sixteen by name ("crisis-relay"), and those that were added."""
        return self._processes

    def start(self) -> Stack:
        """Return when every process is ready; where one is not, all is ended again."""
        atexit.register(self.stop)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process, then the servers; nothing is left running."""
        for child in self._processes.values():
            child.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._processes.values():
            child.stop(within=max(0.1, deadline - time.monotonic()))
        self._servers.close()
        (self.folder / FILE).unlink(missing_ok=True)  # nothing is there to be called any more
        atexit.unregister(self.stop)

    def abandon(self) -> None:
        """End everything at once, where nobody will want what it holds."""
        for child in self._processes.values():
            child.kill()
        if self.broker is not None:
            self.broker.abandon()
        if self.database is not None:
            self.database.kill()
        self.stop()

    def restart(self, name: str, **variables: str) -> None:
        """End a process in order, if it runs, and start it again with these variables on top."""
        self._processes[name].stop(within=STOP_SECONDS)
        self._processes[name] = self._child(name, variables)
        self._failed_starts[name] = 0
        self.wait_ready([name])

    def add(self, name: str, *, like: str, **variables: str) -> None:
        """Start one more replica of a process, at addresses of its own."""
        self._replicas[name] = Replica(like, {**own_addresses(like), **variables})
        self._processes[name] = self._child(name, {})
        self.wait_ready([name])

    def remove(self, name: str) -> None:
        """End a replica that was added, and forget it."""
        self._processes.pop(name).stop(within=STOP_SECONDS)
        del self._replicas[name]

    def grpc_address(self, name: str) -> str:
        """Where the public can reach this api."""
        service = name.partition("-")[0]
        return self._processes[name].environment[variable(service, "GRPC")]

    def kill(self, name: str) -> None:
        """End a process at once, as a crash would."""
        self._processes[name].kill()

    def wait_ready(self, names: Iterable[str] = ()) -> None:
        """Return when these processes, or all, are ready; a few at a time are started."""
        names = list(names) or list(self._processes)
        waiting, starting = list(names), list[str]()

        def all_ready() -> bool:
            before = len(starting)
            starting[:] = [name for name in starting if not self._is_ready(name)]
            if len(starting) != before:
                ready = len(names) - len(waiting) - len(starting)
                self._report(f"{ready} of {len(names)} processes ready")
            while waiting and len(starting) < AT_ONCE:
                starting.append(waiting.pop(0))
                self._processes[starting[-1]].start()
            return not starting

        wait_until(all_ready, "Haven", within=READY_SECONDS, every=0.1, explain=starting.__str__)

    def ended(self) -> list[str]:
        """Processes that are not running although nobody ended them."""
        return [name for name, child in self._processes.items() if not child.is_running]

    def log_of(self, name: str) -> Path:
        """Where a process writes."""
        return self._processes[name].log

    def __enter__(self) -> Stack:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        uris = self._start_servers()
        self._environment = prepare(self.folder, uris, more=self._more)
        provision.declare_topology(uris.amqp)
        provision.apply_indexes(self.environment.variables)
        self._report("queues and indexes declared")
        names = [name for name in commands() if not self._only or name in self._only]
        self._processes = {name: self._child(name, {}) for name in names}
        auditor = "-".join(AUDITOR)  # its first drill needs a responder who can be reached
        self.wait_ready(name for name in self._processes if name != auditor)
        if auditor in self._processes:
            provision.register_drill_responders(self.environment)
            self.wait_ready([auditor])

    def _start_servers(self) -> Uris:
        given, folder = self._given, self.folder
        if not given.amqp:
            self.broker = RabbitServer(folder / "rabbitmq")
        if not given.mongodb:
            self.database = MongoServer(folder / "mongodb")
        if not given.smtp:
            self.smtp = SmtpServer(folder / "smtp")
        own = [server for server in (self.broker, self.database, self.smtp) if server]
        for server in own:
            self._servers.callback(server.stop)
        with ThreadPoolExecutor(len(own) or 1) as pool:
            for server in pool.map(lambda server: server.start(), own):
                self._report(f"{type(server).__name__} at {server.uri}")
        return Uris(
            given.amqp or (self.broker.uri if self.broker else ""),
            given.mongodb or (self.database.uri if self.database else ""),
            given.smtp or (self.smtp.uri if self.smtp else ""),
        )

    def _child(self, name: str, variables: Mapping[str, str]) -> Child:
        path = f"{Path(sys.executable).parent}:{BASE_ENVIRONMENT['PATH']}"
        kind = self._replicas.get(name, Replica(name, {}))
        told = {**self.environment.variables, **kind.variables, **variables, "PATH": path}
        return Child(
            commands()[kind.like],
            environment=told,
            log=self.folder / "logs" / f"{name}.log",
            folder=ROOT,
        )

    def _is_ready(self, name: str) -> bool:
        child = self._processes[name]
        if child.is_running:
            return is_ready(name, child.environment)
        self._failed_starts[name] += 1
        if self._failed_starts[name] >= STARTS:
            raise FailedPrecondition("PROCESS_ENDED", f"{name} ended:\n{child.last_words()}")
        child.start()
        return False


def commands() -> Mapping[str, list[str]]:
    """The sixteen processes as the Procfile lists them."""
    return dict(_commands())


def _commands() -> Iterator[tuple[str, list[str]]]:
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        yield name, shlex.split(command)
