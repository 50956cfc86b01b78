"""The process behind SmtpServer: writes each mail as one line of JSON before it says 250."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Keeper:
    """Appends mails to a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        """Keep the mail; called by aiosmtpd."""
        row = _row(envelope)
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")
        return "250 kept"


def _row(envelope: Envelope) -> dict[str, object]:
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    return {
        "receive_time": datetime.now(UTC).isoformat(),
        "sender": envelope.mail_from,
        "recipients": envelope.rcpt_tos,
        "headers": {name: str(value) for name, value in message.items()},
        "text": body.get_content() if body else "",
    }


async def serve(port: int, file: Path) -> None:
    """Take mail until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    keeper = Keeper(file)
    server = await loop.create_server(lambda: SMTP(keeper, hostname="localhost"), "127.0.0.1", port)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
