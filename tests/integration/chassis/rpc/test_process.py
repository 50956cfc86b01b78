"""An api as a process of its own: its start, its end, and everything it lets out."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from chassis.ids import new_id
from chassis.rpc.channel import open_async_channel
from chassis.rpc.main import serving
from chassis.settings import ProcessSettings, SettingsError
from cli.servers.ports import free_port
from tests.waiting import eventually

from . import echo
from .conftest import SUBJECT
from .echo_api import assemble

PLANTED = ("ana.petrova@example.test", "Ana Petrova", "+12025550123", "I want to end it")


async def test_in_production_a_missing_unique_index_stops_the_start(
    api_settings: ProcessSettings,
) -> None:
    production = replace(api_settings, env="production")
    with pytest.raises(SettingsError, match="notes__tenant_id_subject is missing"):
        async with serving(production, assemble):
            raise AssertionError("served")
    async with serving(api_settings, assemble):
        """A developer's machine makes it."""
    async with serving(production, assemble) as server:
        assert server.public_address


class ApiProcess:
    """The api as its own process."""

    def __init__(self, settings: ProcessSettings, folder: Path, **more: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.spans, self.log_path = folder / "spans", folder / "log"
        given = {
            "HAVEN_ENV": "local",
            "HAVEN_AMQP_URI": "amqp://nowhere",
            "HAVEN_MONGODB_URI": settings.mongodb_uri.reveal(),
            "HAVEN_ECHO_DATABASE": settings.database,
            "HAVEN_TENANTS_FILE": str(settings.tenants_file),
            "HAVEN_JWKS_URI": settings.jwks_uri,
            "HAVEN_TOKEN_ISSUER": settings.token_issuer,
            "HAVEN_TOKEN_AUDIENCE": settings.token_audience,
            "HAVEN_PKI_DIR": str(settings.pki_dir),
            "HAVEN_MASTER_KEY_FILE": str(settings.master_key_file),
            "HAVEN_ECHO_GRPC_ADDRESS": f"127.0.0.1:{self.port}",
            "HAVEN_ECHO_API_METRICS_ADDRESS": f"127.0.0.1:{self.metrics_port}",
            "HAVEN_TRACE_EXPORT": f"file:{self.spans}",
        } | more
        own = {name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.chassis.rpc.echo_api"],
                env=own | given,
                stderr=log,
                stdout=log,
            )

    @property
    def log(self) -> str:
        """Everything it wrote."""
        return self.log_path.read_text()

    def get(self, path: str) -> tuple[int, str]:
        """A page of the operators' port; 0 where nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    async def ready(self) -> None:
        """Return when it serves."""
        await asyncio.to_thread(eventually, lambda: self.get("/readyz")[0] == 200, within=30)

    async def ended(self) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.process.wait, 30)


@pytest.fixture
def api_process(api_settings: ProcessSettings, tmp_path: Path) -> Iterator[ApiProcess]:
    """A running process, killed at the end if it still runs."""
    made = ApiProcess(api_settings, tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(10)


async def test_sigterm_ends_a_process_in_order(api_process: ApiProcess, token: str) -> None:
    await api_process.ready()
    async with open_async_channel(f"127.0.0.1:{api_process.port}") as channel:
        assert (await echo.Client(channel, token).say("hello")).text == "hello"
    api_process.process.send_signal(signal.SIGTERM)
    assert await api_process.ended() == 0
    assert "rpc.draining" in api_process.log


async def test_nothing_planted_comes_out_anywhere(api_process: ApiProcess, token: str) -> None:
    await api_process.ready()
    told = []
    async with open_async_channel(f"127.0.0.1:{api_process.port}") as channel:
        client = echo.Client(channel, token)
        client.metadata += (("x-note", PLANTED[0]), ("user-agent", PLANTED[0]))
        for planted in PLANTED:
            for method, request_id in (("Say", ""), ("Change", new_id()), ("Change", planted)):
                more = {"request_id": request_id} if request_id else {"patient_id": planted}
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await client.say(f"fail {planted}", method=method, **more)
                told.append(f"{raised.value.details()} {raised.value.trailing_metadata()}")
        client.metadata = (("authorization", f"Bearer {PLANTED[0]}"),)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.say()
        told.append(str(raised.value.details()))
    metrics = api_process.get("/metrics")[1]
    api_process.process.send_signal(signal.SIGTERM)
    await api_process.ended()
    outputs = [api_process.log, api_process.spans.read_text(), metrics, *told]
    assert all(outputs)
    assert token not in "".join(outputs)
    for planted in (*PLANTED, SUBJECT):
        assert planted not in "".join(outputs)


async def test_an_api_knows_neither_nameko_nor_eventlet() -> None:
    program = (
        "import sys, tests.integration.chassis.rpc.echo_api;"
        "print([name for name in ('nameko', 'eventlet') if name in sys.modules])"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


async def test_settings_at_fault_end_a_process_with_one_message(
    api_settings: ProcessSettings, tmp_path: Path
) -> None:
    process = ApiProcess(
        api_settings, tmp_path, HAVEN_EXECUTOR_SIZE="swordfish", HAVEN_TOKEN_ISSUER=""
    )
    assert await process.ended() == 1
    assert "HAVEN_EXECUTOR_SIZE" in process.log
    assert "HAVEN_TOKEN_ISSUER: required" in process.log
    assert "swordfish" not in process.log
    assert "Traceback" not in process.log
