"""A network between a client and a server that a test can cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType


class Proxy:
    """Forwards TCP to `target`; `cut` resets every connection, new ones work again.

    The server sees connections from `source`. What it sent is kept in `delivered`, as it came.
    """

    def __init__(self, target: str, *, source: str = "127.0.0.1") -> None:
        self.target, self._source = target, source
        self.delivered = bytearray()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset all connections, both sides, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def lose(self) -> None:
        """Connections stay open, and nothing comes through them any more; new ones work."""
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.target.rpartition(":")
        try:
            onward, back = await asyncio.open_connection(
                host, int(port), local_addr=(self._source, 0)
            )
        except OSError:
            writer.transport.abort()  # nobody is there
            return
        self._writers |= {writer, back}
        for source, sink, kept in ((reader, back, None), (onward, writer, self.delivered)):
            task = asyncio.create_task(_pump(source, sink, kept))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray | None
) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            if kept is not None:
                kept += data
            sink.write(data)
            await sink.drain()
    sink.close()
