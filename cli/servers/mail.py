"""A private SMTP server that keeps every mail it takes, for tests and the demo to read."""

from __future__ import annotations

import atexit
import json
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chassis.errors import FailedPrecondition
from cli.servers.child import Child
from cli.servers.ports import free_port
from cli.servers.ready import accepts, wait_until

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came over the wire."""

    receive_time: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: dict[str, str]
    text: str


class SmtpServer:
    """aiosmtpd in a process of its own on a free loopback port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._mails = folder / "mails.jsonl"
        self._child = Child(
            [sys.executable, "-m", "cli.servers.mail_sink", str(self.port), str(self._mails)],
            environment={},
            log=folder / "smtp.log",
            folder=Path(__file__).parents[2],
        )

    @property
    def uri(self) -> str:
        """Where to send to."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._child.pid

    def start(self) -> SmtpServer:
        """Return when it takes mail."""
        self.folder.mkdir(parents=True, exist_ok=True)
        atexit.register(self.stop)
        self._child.start()
        wait_until(self._is_ready, "SMTP", within=START_SECONDS, explain=self._child.last_words)
        return self

    def stop(self) -> None:
        """End it; the mails stay readable."""
        self._child.stop()
        atexit.unregister(self.stop)

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()

    def freeze(self) -> None:
        """Keep it from answering while its connections stay open."""
        self._child.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._child.thaw()

    def mails(self) -> list[Mail]:
        """Everything received so far, oldest first."""
        if not self._mails.exists():
            return []
        complete = self._mails.read_bytes().rpartition(b"\n")[0]
        return [_mail(line) for line in complete.splitlines()]

    def mails_to(self, recipient: str) -> list[Mail]:
        """What one address received, oldest first."""
        return [mail for mail in self.mails() if recipient in mail.recipients]

    def _is_ready(self) -> bool:
        if not self._child.is_running:
            raise FailedPrecondition("SMTP_ENDED", self._child.last_words())
        return accepts(self.port)


def _mail(line: bytes) -> Mail:
    row = json.loads(line)
    return Mail(
        receive_time=datetime.fromisoformat(row["receive_time"]),
        sender=row["sender"],
        recipients=tuple(row["recipients"]),
        subject=row["headers"].get("Subject", ""),
        headers=row["headers"],
        text=row["text"],
    )
