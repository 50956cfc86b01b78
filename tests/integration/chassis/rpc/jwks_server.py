"""An identity provider's key address that serves, fails or hangs as a test says."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.unit.chassis.forge import Key


class JwksServer:
    """Listens on a free loopback port."""

    def __init__(self) -> None:
        self.asked = 0
        self._document: bytes | None = None
        self._open = threading.Event()
        self._open.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                outer._open.wait(10)
                document = outer._document
                self.send_response(200 if document else 503)
                self.end_headers()
                self.wfile.write(document or b"")

            def log_message(self, format: str, *args: object) -> None:
                """Tests read `asked` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def uri(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def serve(self, *keys: Key) -> None:
        """Answer with these keys from now on."""
        self._document = json.dumps({"keys": [key.entry for key in keys]}).encode()

    def fail(self) -> None:
        """Answer 503 from now on."""
        self._document = None

    def hold(self) -> None:
        """Answer nobody until released."""
        self._open.clear()

    def release(self) -> None:
        """Answer those who wait."""
        self._open.set()

    def close(self) -> None:
        """Stop listening."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
