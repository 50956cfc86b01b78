"""The process behind SmtpServer: writes each mail as one line of JSON before it says 250."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
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
    """As it came: who reads it understands it, so that taking it costs next to nothing."""
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    return {
        "receive_time": datetime.now(UTC).isoformat(),
        "sender": envelope.mail_from,
        "recipients": envelope.rcpt_tos,
        "content": content.decode("latin-1"),
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
