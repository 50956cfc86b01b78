"""A private SMTP server that keeps every mail it takes, for tests and the demo to read."""

from __future__ import annotations

import atexit
import json
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
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
        # What was read of it before need not be understood again.
        self._known: list[Mail] = []
        self._read = 0
        self._lock = threading.Lock()
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
        if self._mails.exists():
            with self._lock, self._mails.open("rb") as file:
                file.seek(self._read)
                complete, end, _ = file.read().rpartition(b"\n")
                self._read += len(complete) + len(end)
                self._known += [_mail(line) for line in complete.splitlines()]
        return list(self._known)

    def mails_to(self, recipient: str) -> list[Mail]:
        """What one address received, oldest first."""
        return [mail for mail in self.mails() if recipient in mail.recipients]

    def _is_ready(self) -> bool:
        if not self._child.is_running:
            raise FailedPrecondition("SMTP_ENDED", self._child.last_words())
        return accepts(self.port)


def _mail(line: bytes) -> Mail:
    row = json.loads(line)
    message = message_from_bytes(row["content"].encode("latin-1"), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    return Mail(
        receive_time=datetime.fromisoformat(row["receive_time"]),
        sender=row["sender"],
        recipients=tuple(row["recipients"]),
        subject=str(message.get("Subject", "")),
        headers={name: str(value) for name, value in message.items()},
        text=body.get_content() if body else "",
    )
