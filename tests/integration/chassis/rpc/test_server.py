"""Starting, refusing to start, being looked at, and going away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis.auth.pki import Credentials
from chassis.auth.policies import PolicyFault
from chassis.rpc.channel import open_async_channel
from chassis.rpc.server import Faces, Server
from chassis.settings import SettingsError
from tests.integration.chassis.rpc.echo import Method

from . import echo
from .conftest import Start, refusal

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(address: str, service: str = "") -> Any:
    async with open_async_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return answer.status


def test_a_service_with_a_method_without_policy_is_not_served() -> None:
    methods = [Method("Get"), Method("Open", roles=(), action="")]
    made = echo.service("haven.servertest.v1", "OpenService", methods)
    with pytest.raises(PolicyFault, match=r"OpenService\.Open"):
        Faces.of([echo.served(made, object())])


def test_a_service_for_workloads_and_people_alike_is_not_served() -> None:
    methods = [Method("Get"), Method("Tell", roles=echo.WORKLOADS)]
    made = echo.service("haven.servertest.v1", "BothService", methods)
    with pytest.raises(PolicyFault, match="BothService: mixes"):
        Faces.of([echo.served(made, object())])


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "example.test:0"])
async def test_plaintext_is_not_served_beyond_loopback(start: Start, address: str) -> None:
    with pytest.raises(SettingsError, match="plaintext"):
        await start(grpc_address=address)


async def test_with_a_certificate_the_public_address_may_be_anywhere(
    start: Start, pki_dir: Path, token: str
) -> None:
    server = await start(
        grpc_address="0.0.0.0:0",
        public_certificate_file=pki_dir / "echo.pem",
        public_key_file=pki_dir / "echo-key.pem",
    )
    address = server.public_address.replace("0.0.0.0", "localhost")
    trusting = grpc.ssl_channel_credentials((pki_dir / "ca.pem").read_bytes())
    async with grpc.aio.secure_channel(address, trusting) as channel:
        assert (await echo.Client(channel, token).say("sealed")).text == "sealed"


async def test_a_certificate_needs_its_key(start: Start, pki_dir: Path) -> None:
    with pytest.raises(SettingsError, match="HAVEN_PUBLIC_KEY_FILE"):
        await start(public_certificate_file=pki_dir / "echo.pem")


async def test_without_its_own_certificate_an_api_does_not_start(
    start: Start, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="HAVEN_PKI_DIR"):
        await start(pki_dir=tmp_path)


async def test_two_processes_never_share_a_port(start: Start, server: Server) -> None:
    with pytest.raises(SettingsError, match="HAVEN_GRPC_ADDRESS"):
        await start(grpc_address=server.public_address)


async def test_health_is_asked_without_a_token(server: Server) -> None:
    assert await health(server.public_address) == SERVING
    assert await health(server.public_address, echo.ECHO) == SERVING
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await health(server.public_address, "haven.nobody.v1.NobodyService")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_what_is_public_and_describes_it(server: Server) -> None:
    async with open_async_channel(server.public_address) as channel:
        names = await _listed(channel)
        described = await _described(channel, echo.ECHO)
    assert names == {
        echo.ECHO,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert b"EchoServiceSayRequest" in described


async def test_reflection_inside_lists_what_is_internal(server: Server, pki_dir: Path) -> None:
    own = Credentials.of(pki_dir, "other")
    async with open_async_channel(server.internal_address, own, service="echo") as channel:
        names = await _listed(channel)
    assert echo.PEER in names
    assert echo.ECHO not in names


async def test_draining_ends_running_calls_and_takes_no_new_ones(
    start: Start, servicer: echo.Echo, token: str
) -> None:
    server = await start()
    async with (
        open_async_channel(server.public_address) as channel,
        open_async_channel(server.public_address) as watcher,
    ):
        client = echo.Client(channel, token)
        watch = health_pb2_grpc.HealthStub(watcher).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        servicer.act = servicer.block
        running = asyncio.create_task(client.say("running"))
        await asyncio.to_thread(servicer.started.wait, 5)
        drained = asyncio.create_task(server.drain())
        assert (await watch.read()).status == NOT_SERVING
        watch.cancel()
        assert not drained.done()
        servicer.released.set()
        assert (await running).text == "running"
        await drained
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.say("late")
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_draining_does_not_wait_for_ever(
    start: Start, servicer: echo.Echo, token: str
) -> None:
    server = await start(drain_seconds=0.2)
    async with open_async_channel(server.public_address) as channel:
        talk = echo.Client(channel, token)
        stream = talk.stream()(metadata=talk.metadata)
        await stream.write(echo.message("Say", text="a"))
        await stream.read()
        await asyncio.wait_for(server.drain(), 5)
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await stream.read()


async def test_a_method_that_nobody_serves_is_unimplemented(client: echo.Client) -> None:
    call = client.unary("Nothing")(echo.message("Say"), metadata=client.metadata, timeout=5)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_peer_s_refusal_has_a_reason_too(peer: echo.Client, servicer: echo.Echo) -> None:
    """Errors inside are told as those outside."""
    call = peer.unary("Tell", echo.PEER)(b"\xff\xff\xff", timeout=5)
    assert await refusal(call) == ("INVALID_ARGUMENT", "MESSAGE_UNDECODABLE")
    assert servicer.calls == []


async def _listed(channel: grpc.aio.Channel) -> set[str]:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = await _reflected(channel, request)
    return {service.name for service in answer.list_services_response.service}


async def _described(channel: grpc.aio.Channel, symbol: str) -> bytes:
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol)
    answer = await _reflected(channel, request)
    return b"".join(answer.file_descriptor_response.file_descriptor_proto)


async def _reflected(channel: grpc.aio.Channel, request: Any) -> Any:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    return await stub.ServerReflectionInfo(iter([request]), timeout=5).read()
