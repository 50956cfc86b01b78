"""The process behind ProviderServer: texts, calls, push and webhooks, taken as a test says.

Every request is one line of JSON before it is answered, whatever the answer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from aiohttp import BasicAuth, ClientSession, ClientTimeout, web

ACCOUNT = "AC00000000000000000000000000000000"
AUTH_TOKEN = "local-auth-token"  # noqa: S105  # fits this stand-in only
PROJECT = "haven-local"
PUBLIC_KEY = "firebase-public.pem"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TAKE: Mapping[str, Any] = {"kind": "take"}
# To those who do not give the right credentials.
TWILIO_STRANGER: Mapping[str, Any] = {
    "kind": "answer", "status": 401, "headers": {}, "body": '{"code": 20003, "status": 401}',
}  # fmt: skip
PUSH_STRANGER: Mapping[str, Any] = {
    "kind": "answer", "status": 401, "headers": {},
    "body": '{"error": {"code": 401, "status": "UNAUTHENTICATED"}}',
}  # fmt: skip
DRIP_SECONDS = 0.05
CALLBACK_TIMEOUT = ClientTimeout(total=10)
# How long an end waits for requests that hang as they were told to.
END_SECONDS = 0.2


class Sink:
    """Keeps what comes and answers in the mood of its side."""

    def __init__(self, log: Path, public_key: str) -> None:
        self._log, self._public_key = log, public_key
        self._moods: dict[str, Mapping[str, Any]] = {}
        self._bearers: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        twilio = f"/2010-04-01/Accounts/{ACCOUNT}"
        return [
            web.post(f"{twilio}/Messages.json", self.text),
            web.post(f"{twilio}/Calls.json", self.call),
            web.post("/token", self.token),
            web.post(f"/v1/projects/{PROJECT}/messages:send", self.push),
            web.post("/webhooks/{receiver}", self.webhook),
            web.put("/control/moods/{side}", self.set_mood),
            web.post("/control/callbacks", self.call_back),
        ]

    async def text(self, request: web.Request) -> web.StreamResponse:
        """A text."""
        return await self._twilio(request, "sms", "SM")

    async def call(self, request: web.Request) -> web.StreamResponse:
        """A call."""
        return await self._twilio(request, "voice", "CA")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A signed claim for an access token."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (answer := await self._moody(request, "token", "", form)) is not None:
            return answer
        try:
            claims = jwt.decode(
                form["assertion"], self._public_key, algorithms=["RS256"], audience=str(request.url)
            )
        except (jwt.InvalidTokenError, KeyError):
            return web.json_response({"error": "invalid_grant"}, status=400)
        if claims.get("scope") != SCOPE:
            return web.json_response({"error": "invalid_scope"}, status=400)
        bearer = secrets.token_urlsafe(24)
        self._bearers.add(bearer)
        return web.json_response(
            {"access_token": bearer, "expires_in": 3_599, "token_type": "Bearer"}
        )

    async def push(self, request: web.Request) -> web.StreamResponse:
        """A notification."""
        reference = f"projects/{PROJECT}/messages/{secrets.token_hex(8)}"
        content = await request.json()
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        stranger = None if bearer in self._bearers else PUSH_STRANGER
        answer = await self._moody(request, "push", reference, content, otherwise=stranger)
        if answer is not None:
            return answer
        return web.json_response({"name": reference})

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """A signed message to a partner."""
        content = {"receiver": request.match_info["receiver"], "body": await request.text()}
        answer = await self._moody(request, "webhook", "", content)
        return web.Response(status=204) if answer is None else answer

    async def set_mood(self, request: web.Request) -> web.Response:
        """How a side answers from now on."""
        self._moods[request.match_info["side"]] = await request.json()
        return web.Response()

    async def call_back(self, request: web.Request) -> web.Response:
        """Post signed fields to a URL; the answer is told."""
        order = await request.json()
        status, text = await _posted(order["url"], order["params"])
        return web.json_response({"status": status, "text": text})

    async def _twilio(self, request: web.Request, side: str, prefix: str) -> web.StreamResponse:
        sid = prefix + secrets.token_hex(16)
        form = {name: str(value) for name, value in (await request.post()).items()}
        is_known = request.headers.get("Authorization") == BasicAuth(ACCOUNT, AUTH_TOKEN).encode()
        stranger = None if is_known else TWILIO_STRANGER
        answer = await self._moody(request, side, sid, form, otherwise=stranger)
        if answer is not None:
            return answer
        if self._moods.get(side, TAKE)["kind"] == "report":
            self._begin(_report(form, sid, side))
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _moody(
        self,
        request: web.Request,
        side: str,
        reference: str,
        content: Mapping[str, Any],
        *,
        otherwise: Mapping[str, Any] | None = None,
    ) -> web.StreamResponse | None:
        """Keep the request; None where the side is in the mood to take it and nothing forbids."""
        mood = otherwise or self._moods.get(side, TAKE)
        row = {
            "receive_time": datetime.now(UTC).isoformat(),
            "side": side,
            "mood": mood["kind"],
            "reference": reference,
            "headers": dict(request.headers),
            "content": content,
        }
        with self._log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        match mood["kind"]:
            case "answer":
                return web.Response(
                    status=mood["status"], text=mood["body"], headers=mood["headers"]
                )
            case "hang":
                await asyncio.Event().wait()
            case "drip":
                return await _drip(request)
            case "babble":
                assert request.transport is not None
                request.transport.write(b"\x00\xff not a word of HTTP \r\n\r\n")
                request.transport.close()
        return None


async def _drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201)
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(DRIP_SECONDS)


async def _report(form: Mapping[str, str], sid: str, side: str) -> None:
    """Say that it arrived, or that the call was picked up and ended."""
    kind, state = ("Message", "delivered") if side == "sms" else ("Call", "completed")
    numbers = {"From": form.get("From", ""), "To": form["To"], "AccountSid": ACCOUNT}
    params = {f"{kind}Sid": sid, f"{kind}Status": state, **numbers}
    await _posted(form["StatusCallback"], params)


async def _posted(url: str, params: Mapping[str, str]) -> tuple[int, str]:
    headers = {"X-Twilio-Signature": signature(url, params)}
    async with (
        ClientSession(timeout=CALLBACK_TIMEOUT) as session,
        session.post(url, data=params, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def signature(url: str, params: Mapping[str, str]) -> str:
    """As the provider signs; deliberately not the code that notify verifies with."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(params.items()))
    digest = hmac.digest(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


async def serve(port: int, log: Path) -> None:
    """Answer until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sink = Sink(log, (log.parent / PUBLIC_KEY).read_text())
    app = web.Application()
    app.add_routes(sink.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=END_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1_024).start()
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
