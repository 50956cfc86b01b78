"""An api of sessions as a process of its own, so that it can be killed."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.servers.ports import free_port
from tests.integration.sessions.clinic import Clinic
from tests.waiting import eventually


class ApiProcess:
    """Serves the clinic's rooms."""

    def __init__(self, clinic: Clinic, folder: Path) -> None:
        settings, self._metrics_port = clinic.settings, free_port()
        self.address = f"127.0.0.1:{free_port()}"
        given = {
            "HAVEN_ENV": "local",
            "HAVEN_AMQP_URI": "amqp://nowhere",
            "HAVEN_MONGODB_URI": settings.mongodb_uri.reveal(),
            "HAVEN_SESSIONS_DATABASE": settings.database,
            "HAVEN_TENANTS_FILE": str(settings.tenants_file),
            "HAVEN_JWKS_URI": settings.jwks_uri,
            "HAVEN_TOKEN_ISSUER": settings.token_issuer,
            "HAVEN_TOKEN_AUDIENCE": settings.token_audience,
            "HAVEN_PKI_DIR": str(settings.pki_dir),
            "HAVEN_MASTER_KEY_FILE": str(settings.master_key_file),
            "HAVEN_SESSIONS_GRPC_ADDRESS": self.address,
            "HAVEN_SESSIONS_API_METRICS_ADDRESS": f"127.0.0.1:{self._metrics_port}",
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
        with (folder / f"{self._metrics_port}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.sessions.api"],
                env=own | given,
                stderr=log,
                stdout=log,
            )

    def ready(self) -> None:
        """Return when it serves."""
        eventually(self._is_ready, within=60)

    def killed(self) -> None:
        """Without a word to anybody."""
        self.process.kill()
        self.process.wait(20)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._metrics_port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def api_process(clinic: Clinic, folder: Path) -> Iterator[ApiProcess]:
    """Running, and killed at the end if it still does."""
    made = ApiProcess(clinic, folder)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.killed()
