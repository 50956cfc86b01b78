"""A private provider of texts, calls, push and webhooks that keeps all it gets and obeys tests.

It is what stands behind `HAVEN_PROVIDERS_FILE` in the local stack: a real server on a free loopback
port. A test sets a side's mood, reads what came, and lets it call back with valid signatures.
"""

from __future__ import annotations

import atexit
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from urllib.request import ProxyHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from chassis.errors import FailedPrecondition
from cli.servers.child import Child
from cli.servers.ports import free_port
from cli.servers.provider_sink import ACCOUNT, AUTH_TOKEN, PROJECT, PUBLIC_KEY
from cli.servers.ready import accepts, wait_until

START_SECONDS = 30.0
CONTROL_SECONDS = 15.0
WEBHOOK_SECRET = "whsec_bG9jYWwtd2ViaG9vay1zaWduaW5nLXNlY3JldA=="  # noqa: S105  # local only
SENDER = "+15550100"


class Side(StrEnum):
    """What a request is about."""

    SMS = "sms"
    VOICE = "voice"
    TOKEN = "token"  # noqa: S105  # the exchange that push needs first
    PUSH = "push"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Mood:
    """How a side answers."""

    # take: and say nothing more. report: and call back that it arrived. answer: with what follows.
    # hang: for ever. drip: a byte now and then, for ever. babble: something that is not HTTP.
    kind: Literal["take", "report", "answer", "hang", "drip", "babble"] = "take"
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire, answered or not."""

    receive_time: datetime
    side: Side
    # The mood in which it was met: only "take" and "report" took it.
    mood: str
    reference: str
    headers: Mapping[str, str]
    content: Mapping[str, Any]

    @property
    def is_taken(self) -> bool:
        """True where the provider said yes."""
        return self.mood in {"take", "report"}


class ProviderServer:
    """aiohttp in a process of its own on a free loopback port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._log = folder / "requests.jsonl"
        self._child = Child(
            [sys.executable, "-m", "cli.servers.provider_sink", str(self.port), str(self._log)],
            environment={},
            log=folder / "provider.log",
            folder=Path(__file__).parents[2],
        )

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._child.pid

    def start(self) -> ProviderServer:
        """Return when it answers."""
        write_keys(self)
        atexit.register(self.stop)
        self._child.start()
        wait_until(self._is_ready, "provider", within=START_SECONDS, explain=self._child.last_words)
        return self

    def stop(self) -> None:
        """End it; what came stays readable."""
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

    def be(self, side: Side, mood: Mood) -> None:
        """From now on the side answers in that mood."""
        body = {
            "kind": mood.kind,
            "status": mood.status,
            "body": mood.body,
            "headers": dict(mood.headers),
        }
        self._control("PUT", f"/control/moods/{side}", body)

    def received(self, side: Side | None = None) -> list[Received]:
        """Everything that came so far, or to that side, oldest first."""
        if not self._log.exists():
            return []
        complete = self._log.read_bytes().rpartition(b"\n")[0]
        found = [_received(line) for line in complete.splitlines()]
        return [each for each in found if side in {None, each.side}]

    def forget(self) -> None:
        """Be as new: every side takes what comes, and nothing came."""
        for side in Side:
            self.be(side, Mood())
        self._log.write_bytes(b"")

    def report(self, about: Received, state: str, **more: str) -> int:
        """Call back what became of a text or a call; the status that was answered."""
        kind = "Call" if about.side is Side.VOICE else "Message"
        params = {f"{kind}Sid": about.reference, f"{kind}Status": state, **_numbers(about), **more}
        return self.call_back(about.content["StatusCallback"], params)[0]

    def press(self, about: Received, digits: str, *, url: str) -> tuple[int, str]:
        """Post pressed digits to the script's URL; the status and the script that came back."""
        params = {"CallSid": about.reference, "Digits": digits, **_numbers(about)}
        return self.call_back(url, params)

    def text(self, from_number: str, body: str, *, url: str, to: str = SENDER) -> tuple[int, str]:
        """Post a text that somebody sent; the status and the script that came back."""
        sid = f"SM{secrets.token_hex(16)}"
        params = {"MessageSid": sid, "From": from_number, "To": to, "Body": body}
        return self.call_back(url, params)

    def call_back(self, url: str, params: Mapping[str, str]) -> tuple[int, str]:
        """Post any fields with a valid signature."""
        answer = self._control("POST", "/control/callbacks", {"url": url, "params": dict(params)})
        told = json.loads(answer)
        return told["status"], told["text"]

    def _control(self, method: str, path: str, content: Mapping[str, Any]) -> bytes:
        request = Request(  # noqa: S310  # our own loopback URL
            f"{self.uri}{path}",
            data=json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        directly = build_opener(ProxyHandler({}))
        with directly.open(request, timeout=CONTROL_SECONDS) as answer:
            found: bytes = answer.read()
            return found

    def _is_ready(self) -> bool:
        if not self._child.is_running:
            raise FailedPrecondition("PROVIDER_ENDED", self._child.last_words())
        return accepts(self.port)


def write_providers_file(
    folder: Path, servers: Sequence[ProviderServer], *, callback_url: str, tenants: Sequence[str]
) -> Path:
    """A providers file in which every server stands behind every channel, in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in {"auth-token": AUTH_TOKEN, "webhook-secret": WEBHOOK_SECRET}.items():
        (folder / name).write_text(secret)
    parts: list[str] = []
    for number, server in enumerate(servers, start=1):
        parts += (_texting(channel, number, server, callback_url) for channel in ("sms", "voice"))
        account = json.dumps(str(server.folder.resolve() / "firebase.json"))
        parts.append(
            f'[[push]]\nname = "push-{number}"\nkind = "fcm"\n'
            f'url = "{server.uri}"\naccount_file = {account}\n'
        )
    keys = "".join(f'"{tenant}" = ["webhook-secret"]\n' for tenant in tenants)
    parts.append(
        f'[[webhook]]\nname = "webhooks"\nkind = "webhook"\n[webhook.secret_files]\n{keys}'
    )
    file = folder / "providers.toml"
    file.write_text("\n".join(parts))
    return file


def _texting(channel: str, number: int, server: ProviderServer, callback_url: str) -> str:
    return (
        f'[[{channel}]]\nname = "{channel}-{number}"\nkind = "twilio"\n'
        f'url = "{server.uri}"\naccount = "{ACCOUNT}"\ntoken_file = "auth-token"\n'
        f'callback_url = "{callback_url}"\nsender = "{SENDER}"\n'
    )


def write_keys(server: ProviderServer) -> None:
    """Make a service account of this server; a restart keeps it."""
    server.folder.mkdir(parents=True, exist_ok=True)
    file = server.folder / "firebase.json"
    if file.exists():
        return
    key = generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (server.folder / PUBLIC_KEY).write_bytes(public)
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "local",
        "private_key": _private(key),
        "client_email": f"haven@{PROJECT}.example",
        "token_uri": f"{server.uri}/token",
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(account))


def _private(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _numbers(about: Received) -> Mapping[str, str]:
    return {"From": about.content.get("From", ""), "To": about.content["To"]}


def _received(line: bytes) -> Received:
    row = json.loads(line)
    return Received(
        receive_time=datetime.fromisoformat(row["receive_time"]),
        side=Side(row["side"]),
        mood=row["mood"],
        reference=row["reference"],
        headers=row["headers"],
        content=row["content"],
    )
