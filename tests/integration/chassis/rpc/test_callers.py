"""Who is let in, over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis.auth.issuer import Issuer
from chassis.auth.pki import Credentials, ensure_local_pki
from chassis.call import Role
from chassis.rpc.channel import open_async_channel
from chassis.rpc.server import Server
from tests.unit.chassis import forge
from tests.unit.chassis.forge import Key
from tests.waiting import eventually

from . import echo
from .conftest import SUBJECT, Start, refusal
from .jwks_server import JwksServer

OTHER = "1b0a3c5e-2f6d-4b1a-8c7d-9e8f7a6b5c4d"
Caller = Callable[[str], Awaitable[echo.Client]]


async def test_a_good_token_reaches_the_use_case_with_its_tenant_and_roles(
    client: echo.Client, servicer: echo.Echo
) -> None:
    answer = await client.say("hello")
    (call,) = servicer.calls
    assert (answer.text, answer.subject) == ("hello", SUBJECT)
    assert call.tenant_id == "alpha"
    assert call.actor.roles == {Role.CLINICIAN}
    assert (call.action, call.once) == ("echo.say", None)


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "TOKEN_MISSING"),
        ("", "TOKEN_MISSING"),
        ("Bearer ", "TOKEN_MISSING"),
        ("Basic c3dvcmRmaXNo", "TOKEN_MALFORMED"),
        ("Bearer swordfish", "TOKEN_MALFORMED"),
    ],
)
async def test_without_a_token_nobody_is_known(
    client: echo.Client, servicer: echo.Echo, authorization: str | None, reason: str
) -> None:
    client.metadata = () if authorization is None else (("authorization", authorization),)
    assert await refusal(client.say()) == ("UNAUTHENTICATED", reason)
    assert servicer.calls == []


KEY = Key("one")
BAD = {
    "expired": (KEY.token(exp=1), "TOKEN_EXPIRED"),
    "from another issuer": (KEY.token(iss="https://evil.test"), "TOKEN_ISSUER_WRONG"),
    "for another audience": (KEY.token(aud="billing"), "TOKEN_AUDIENCE_WRONG"),
    "alg none": (forge.unsigned({"alg": "none", "kid": "one"}), "TOKEN_ALGORITHM_REFUSED"),
    "HS256 with the public key": (
        forge.hmac_signed(KEY.public_pem, {"alg": "HS256", "kid": "one"}),
        "TOKEN_ALGORITHM_REFUSED",
    ),
    "foreign": (Key("one").token(), "TOKEN_SIGNATURE_INVALID"),
    "an unknown key": (KEY.token(kid="two"), "TOKEN_KEY_UNKNOWN"),
    "a workload's role": (KEY.token(roles=["workload"]), "ROLE_UNKNOWN"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused_for_its_own_reason(
    start: Start, servicer: echo.Echo, tmp_path: Path, case: str
) -> None:
    token, reason = BAD[case]
    server = await start(jwks_uri=forge.publish(tmp_path / "keys.json", KEY))
    async with open_async_channel(server.public_address) as channel:
        assert await refusal(echo.Client(channel, token).say()) == ("UNAUTHENTICATED", reason)
        assert await refusal(_talk(echo.Client(channel, token))) == ("UNAUTHENTICATED", reason)
    assert servicer.calls == []


async def test_another_tenant_s_token_is_denied(caller: Caller, issuer: Issuer) -> None:
    client = await caller(issuer.issue("gamma", SUBJECT, [Role.CLINICIAN]))
    assert await refusal(client.say()) == ("PERMISSION_DENIED", "TENANT_UNKNOWN")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLINICIAN, Role.WORKLOAD}))
async def test_a_role_that_the_method_does_not_name_is_denied(
    caller: Caller, issuer: Issuer, servicer: echo.Echo, role: Role
) -> None:
    client = await caller(issuer.issue("alpha", SUBJECT, [role]))
    denied = ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
    assert await refusal(client.say(method="Fail")) == denied
    assert await refusal(_talk(client)) == denied
    assert servicer.calls == []


async def test_for_a_patient_other_people_do_not_exist(caller: Caller, issuer: Issuer) -> None:
    client = await caller(issuer.issue("alpha", SUBJECT, [Role.PATIENT]))
    assert (await client.say("mine", patient_id=SUBJECT)).text == "mine"
    assert await refusal(client.say(patient_id=OTHER)) == ("NOT_FOUND", "NOT_FOUND")
    assert await refusal(client.say()) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_clinician_may_name_any_patient(client: echo.Client) -> None:
    assert (await client.say("theirs", patient_id=OTHER)).text == "theirs"


async def test_keys_that_rotate_are_followed(start: Start, jwks: JwksServer) -> None:
    jwks.serve(KEY)
    server = await start(jwks_uri=jwks.uri)
    fresh = Key("fresh")
    async with open_async_channel(server.public_address) as channel:
        assert (await echo.Client(channel, KEY.token()).say("old")).text == "old"
        jwks.serve(fresh)
        assert (await echo.Client(channel, fresh.token()).say("new")).text == "new"
        withdrawn = await refusal(echo.Client(channel, KEY.token()).say())
    assert withdrawn == ("UNAUTHENTICATED", "TOKEN_KEY_UNKNOWN")


async def test_while_keys_cannot_be_fetched_known_ones_go_on(
    start: Start, jwks: JwksServer
) -> None:
    jwks.serve(KEY)
    server = await start(jwks_uri=jwks.uri)
    async with open_async_channel(server.public_address) as channel:
        await echo.Client(channel, KEY.token()).say()
        jwks.fail()
        assert await refusal(echo.Client(channel, KEY.token(kid="new")).say()) == (
            "UNAUTHENTICATED",
            "TOKEN_KEY_UNKNOWN",
        )
        assert (await echo.Client(channel, KEY.token(jti="2")).say("still")).text == "still"


async def test_before_any_key_was_fetched_the_api_is_unavailable_and_then_recovers(
    start: Start, jwks: JwksServer
) -> None:
    jwks.fail()
    server = await start(jwks_uri=jwks.uri)
    async with open_async_channel(server.public_address) as channel:
        client = echo.Client(channel, KEY.token())
        assert await refusal(client.say()) == ("UNAVAILABLE", "JWKS_UNAVAILABLE")
        jwks.serve(KEY)
        assert (await client.say("back")).text == "back"


async def test_a_flood_of_forged_tokens_is_not_a_flood_of_fetches(
    start: Start, jwks: JwksServer
) -> None:
    jwks.serve(KEY)
    server = await start(jwks_uri=jwks.uri)
    async with open_async_channel(server.public_address) as channel:
        for number in range(30):
            token = Key.token(KEY, kid=f"forged-{number}")
            await refusal(echo.Client(channel, token).say())
    assert jwks.asked <= 6


async def test_a_slow_issuer_holds_nobody_whose_key_is_known(
    start: Start, jwks: JwksServer
) -> None:
    jwks.serve(KEY)
    server = await start(jwks_uri=jwks.uri)
    async with open_async_channel(server.public_address) as channel:
        await echo.Client(channel, KEY.token()).say()
        jwks.hold()
        waiting = asyncio.create_task(echo.Client(channel, KEY.token(kid="new")).say())
        await asyncio.to_thread(eventually, lambda: jwks.asked > 1, within=5)
        assert (await echo.Client(channel, KEY.token(jti="2")).say("quick")).text == "quick"
        jwks.release()
        assert (await refusal(waiting))[1] == "TOKEN_KEY_UNKNOWN"


async def test_a_peer_is_known_by_its_certificate(peer: echo.Client, servicer: echo.Echo) -> None:
    answer = await _tell(peer)
    assert answer.subject == "service:other"
    assert servicer.peers[0].roles == {Role.WORKLOAD}


async def test_a_workload_has_no_tenant_but_the_one_its_message_names(
    peer: echo.Client, servicer: echo.Echo
) -> None:
    request = echo.message_class("PeerServiceSayRequest")(text="hello")
    call = peer.unary("Misuse", echo.PEER)(request, timeout=5)
    assert await refusal(call) == ("INTERNAL", "INTERNAL")
    assert servicer.calls == []


async def test_inside_nobody_connects_without_a_certificate(server: Server, pki_dir: Path) -> None:
    authority = (pki_dir / "ca.pem").read_bytes()
    anonymous = grpc.ssl_channel_credentials(authority)
    for channel in (
        grpc.aio.secure_channel(server.internal_address, anonymous),
        grpc.aio.insecure_channel(server.internal_address),
    ):
        async with channel:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await _tell(echo.Client(channel))
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_inside_a_certificate_of_another_authority_is_worth_nothing(
    server: Server, pki_dir: Path, tmp_path: Path
) -> None:
    ensure_local_pki(tmp_path / "evil", ["other"])
    forged = Credentials.of(tmp_path / "evil", "other")
    trusting = Credentials((pki_dir / "ca.pem").read_bytes(), forged.certificate, forged.key)
    async with open_async_channel(server.internal_address, trusting, service="echo") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await _tell(echo.Client(channel))
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_caller_notices_that_the_peer_is_another_service(
    server: Server, pki_dir: Path
) -> None:
    own = Credentials.of(pki_dir, "other")
    async with open_async_channel(server.internal_address, own, service="crisis") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await _tell(echo.Client(channel))
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_workload_s_method_does_not_exist_outside(client: echo.Client) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await _tell(client)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_public_s_methods_do_not_exist_inside(peer: echo.Client, token: str) -> None:
    peer.metadata = (("authorization", f"Bearer {token}"),)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await peer.say()
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def _talk(client: echo.Client) -> str:
    talk = client.stream()(metadata=client.metadata, timeout=5)
    await talk.write(echo.message("Say", text="hello"))
    return str((await talk.read()).text)


async def _tell(client: echo.Client) -> Any:
    request = echo.message_class("PeerServiceSayRequest")(text="hello")
    return await client.unary("Tell", echo.PEER)(request, metadata=client.metadata, timeout=5)
