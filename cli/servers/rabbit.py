"""A private RabbitMQ from the distribution's package, beside and apart from any system broker.

The package's wrapper in /usr/sbin drops privileges and moves to the system broker's folder, so the
real script is run, with a node, ports, cookie, plugins and name server (epmd) of its own.
"""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithPriorAuth, Request, build_opener

from chassis.errors import FailedPrecondition, Unavailable
from cli.servers.child import BASE_ENVIRONMENT, Child
from cli.servers.install import install
from cli.servers.ports import free_port
from cli.servers.ready import accepts, wait_until

BIN = Path("/usr/lib/rabbitmq/bin")
HOMES = Path("/usr/lib/rabbitmq/lib")
OLDEST = (3, 10)  # first with at-least-once dead-lettering of quorum queues
START_SECONDS = 120.0  # 4 s alone; two busy cores and a cold disk need patience
STOP_SECONDS = 120.0  # the same; one that is cut off while it ends may forget its queues
MEMORY_LIMIT = "1GiB"
# RabbitMQ 3.10 writes the list of its quorum queues to disk every three minutes only: one that is
# killed younger than that forgets them, whatever they hold.
SAVE_QUEUE_DIRECTORY = "[dets:sync(Table) || Table <- dets:all()]."
LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"

CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = 64MB
log.console = false
log.file.level = warning
"""


class RabbitServer:
    """RabbitMQ and its management API on free loopback ports, the same after every restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(neighbours=1)
        self.management_port = self.port + 1
        self._epmd_port, self._dist_port, self._tool_port = free_port(), free_port(), free_port()
        self.node = f"haven-{self.port}@localhost"
        environment = self._environment()
        self._names = Child(
            [_epmd(), "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            environment=environment,
            log=folder / "epmd.log",
        )
        self._child = Child(
            [str(BIN / "rabbitmq-server")],
            environment=environment,
            log=folder / "rabbitmq.log",
            folder=folder,
        )

    @property
    def uri(self) -> str:
        """Where to connect; the virtual host is the default one."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int:
        """The number of the broker's process."""
        return self._child.pid

    def start(self) -> RabbitServer:
        """Return when it takes connections and answers on its management API."""
        need_rabbitmq()
        self._write_configuration()
        atexit.register(self.stop)
        self._names.start()
        wait_until(lambda: accepts(self._epmd_port), "epmd", within=10)
        self._child.start()
        wait_until(self._is_ready, "RabbitMQ", within=START_SECONDS, explain=self._child.last_words)
        return self

    def stop(self) -> None:
        """End it in order; durable queues and messages stay."""
        self._child.stop(within=STOP_SECONDS)
        self._names.stop()
        atexit.unregister(self.stop)

    def abandon(self) -> None:
        """End it at once, where nobody will want what it holds."""
        self._child.kill()
        self.stop()

    def kill(self) -> None:
        """End the broker at once, as a crash would a broker that has run for a while."""
        self.control("eval", SAVE_QUEUE_DIRECTORY)
        self._child.kill()

    def freeze(self) -> None:
        """Keep it from answering while its connections stay open."""
        self._child.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._child.thaw()

    def block_publishers(self) -> None:
        """Raise the memory alarm: connections that publish are stopped, consumers go on."""
        self.control("set_vm_memory_high_watermark", "0.0000001")

    def unblock_publishers(self) -> None:
        """Clear the memory alarm."""
        self.control("set_vm_memory_high_watermark", "absolute", MEMORY_LIMIT)

    def control(self, *arguments: str) -> str:
        """The answer of rabbitmqctl, asked about this broker."""
        done = subprocess.run(  # noqa: S603
            [str(BIN / "rabbitmqctl"), "--node", self.node, "--quiet", *arguments],
            env={**BASE_ENVIRONMENT, **self._environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise Unavailable("BROKER_REFUSES", done.stderr or done.stdout)
        return done.stdout

    def _write_configuration(self) -> None:
        (self.folder / "conf.d").mkdir(parents=True, exist_ok=True)
        (self.folder / "rabbitmq-env.conf").write_text("")
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "rabbitmq.conf").write_text(
            CONFIGURATION.format(
                amqp=self.port, management=self.management_port, memory=MEMORY_LIMIT
            )
        )

    def _environment(self) -> dict[str, str]:
        """Every path and port that the package would otherwise take from the system broker."""
        folder = self.folder
        return {
            "HOME": str(folder),  # the cookie lives here
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{LOOPBACK} -start_epmd false +S 2:2",
            "RABBITMQ_CTL_ERL_ARGS": f"{LOOPBACK} -start_epmd false",
            "RABBITMQ_CTL_DIST_PORT_MIN": str(self._tool_port),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(self._tool_port),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the broker
        }

    def _is_ready(self) -> bool:
        if not self._child.is_running:
            raise FailedPrecondition("RABBITMQ_ENDED", self._child.last_words(40))
        return accepts(self.port) and self._management_answers()

    def _management_answers(self) -> bool:
        try:
            return management(self.management_port)("GET", "/api/overview") == 200
        except (URLError, OSError):
            return False


def management(port: int) -> Callable[[str, str], int]:
    """A caller of the management API as guest: method and path to HTTP status."""
    passwords = HTTPPasswordMgrWithPriorAuth()
    base = f"http://127.0.0.1:{port}"
    passwords.add_password(None, base, "guest", "guest", is_authenticated=True)
    opener = build_opener(HTTPBasicAuthHandler(passwords))

    def call(method: str, path: str) -> int:
        with opener.open(Request(base + path, method=method), timeout=10) as answer:  # noqa: S310
            return int(answer.status)

    return call


def need_rabbitmq() -> None:
    """Install the package where it is absent; refuse one that is too old."""
    if not (BIN / "rabbitmq-server").exists():
        install(
            ["rabbitmq-server"],
            units=["rabbitmq-server", "epmd.socket", "epmd"],
            why="RabbitMQ is not installed and HAVEN_AMQP_URI is not set.",
        )
    version = installed_version()
    if version < OLDEST:
        raise FailedPrecondition(
            "RABBITMQ_TOO_OLD",
            f"RabbitMQ {'.'.join(map(str, version))} is older than 3.10: set HAVEN_AMQP_URI.",
        )


def installed_version() -> tuple[int, ...]:
    """The newest RabbitMQ that the distribution installed; () where there is none."""
    names = (
        re.fullmatch(r"rabbitmq_server-(\d+(?:\.\d+)*)", path.name) for path in HOMES.glob("*")
    )
    return max((tuple(map(int, m[1].split("."))) for m in names if m), default=())


def _epmd() -> str:
    return shutil.which("epmd", path=BASE_ENVIRONMENT["PATH"]) or "/usr/bin/epmd"
