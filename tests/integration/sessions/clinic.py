"""A clinic's live rooms on a real MongoDB, reached by real gRPC streams and WebSockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status.rpc_status import from_call
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import sessions_pb2 as pb
from haven.sessions.v1.sessions_pb2_grpc import SessionsServiceStub

from chassis.auth.issuer import Issuer
from chassis.auth.pki import ensure_local_pki
from chassis.call import Actor, Call, EventOnce, Role
from chassis.clock import Clock
from chassis.crypto import make_master_key
from chassis.deadline import Deadline
from chassis.rpc.main import Api, Parts, serving
from chassis.settings import Secret
from chassis.store import Store, connect
from chassis.tenants import Tenants
from cli.servers.ports import free_port
from services.sessions import api
from services.sessions.bootstrap import Sessions, bootstrap, policies_of
from services.sessions.codec.attested import timestamp
from services.sessions.settings import SessionsSettings
from tests.integration.sessions.browser import Ended, SocketStream, written
from tests.unit.sessions.ward import PlainCipher

OTHER = "south"
METHOD = "/haven.sessions.v1.SessionsService/AttendSession"
GRPC, WEBSOCKET = WIRES = ("grpc", "websocket")
PATIENCE_SECONDS = 20.0
# Worth another try; what else a ticket is refused for, the door refuses too.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
}
ISSUER, AUDIENCE = "https://login.haven.test", "haven"


class Clinic:
    """One database, one issuer of tokens, and as many replicas of the api as a test wants."""

    def __init__(self, mongodb_uri: str, database: str, *, folder: Path, clock: Clock) -> None:
        # Of this test alone: the keys of all tenants of a server lie in one vault.
        self.tenant_id = database.replace("_", "-")[:60]
        self.clock = clock
        self.wire = GRPC  # what its people attend by
        self._edges: dict[str, str] = {}  # a replica's address for browsers, by that for gRPC
        ensure_local_pki(folder / "pki", ["sessions"])
        self.issuer = Issuer(folder, issuer=ISSUER, audience=AUDIENCE, environment="local")
        self.settings = SessionsSettings(
            service="sessions",
            env="local",
            amqp_uri=Secret("amqp://nowhere"),
            mongodb_uri=Secret(mongodb_uri),
            database=database,
            tenants_file=folder / "tenants.toml",
            jwks_uri=self.issuer.jwks_uri,
            token_issuer=ISSUER,
            token_audience=AUDIENCE,
            pki_dir=folder / "pki",
            master_key_file=make_master_key(folder / "master.key"),
            drain_notice_seconds=0.0,
            drain_seconds=3.0,
        )
        self.counts(hello_seconds=5.0)
        self.client = connect(mongodb_uri, app_name="clinic", pool_size=8)
        self.store = Store(self.client, database, service="sessions", clock=clock)

    def counts(self, **numbers: Any) -> None:
        """The tenant's numbers, from the next replica on."""
        lines = [f"{name} = {value!r}" for name, value in numbers.items()]
        text = "\n".join([f"[tenants.{self.tenant_id}.sessions]", *lines, f"[tenants.{OTHER}]", ""])
        self.settings.tenants_file.write_text(text, encoding="utf-8")

    @property
    def sessions(self) -> Sessions:
        """The use cases as a worker or relay has them."""
        tenants = Tenants.load(self.settings.tenants_file)
        return bootstrap(store=self.store, policies=policies_of(tenants), cipher=PlainCipher())

    @asynccontextmanager
    async def replica(self, **changes: Any) -> AsyncIterator[str]:
        """A serving api; its public address."""

        def assemble(parts: Parts[SessionsSettings]) -> Api:
            parts.process.store.clock = self.clock
            return api.assemble(parts)

        edge = f"127.0.0.1:{free_port()}"
        settings = replace(self.settings, **{"http_address": edge, **changes})
        async with serving(settings, assemble) as server:
            self._edges[server.public_address] = settings.http_address
            yield server.public_address

    def way(self, address: str, wire: str = "") -> str:
        """Where streams of the replica at this address begin."""
        is_grpc = (wire or self.wire) == GRPC
        return address if is_grpc else self._edges.get(address, address)

    def hears(self, message: Message, version: int = 1) -> None:
        """An event arrives, as the worker would hand it over."""
        actor = Actor("service:other", frozenset({Role.WORKLOAD}))
        once = EventOnce("queue", str(uuid4()), version)
        call = Call(self.tenant_id, actor, "event.heard", once, Deadline.after(30))
        self.sessions.consumers[type(message)](call, message)

    def schedules(
        self,
        *,
        patients: Iterable[str] = ("p-1", "p-2"),
        named: bool = True,
        version: int = 1,
        **changes: Any,
    ) -> None:
        """Session s-1 of group g-1 begins now, led by f-1, licensed in Virginia."""
        start = self.clock.now()
        values: dict[str, Any] = {
            "session_id": "s-1",
            "group_id": "g-1",
            "facilitator_id": "f-1",
            "patient_ids": list(patients),
            "start_time": timestamp(start),
            "end_time": timestamp(start + timedelta(minutes=200)),
            "counted_minutes": 180,
            "facilitator_states": ["VA"],
        }
        values |= changes
        self.hears(scheduling.SessionScheduled(**values), version)
        for patient_id in patients if named else ():
            alias = f"Alias of {patient_id[::-1]}"
            group_id = values["group_id"]
            self.hears(intake.AliasAssigned(patient_id=patient_id, group_id=group_id, alias=alias))

    def person(self, address: str, subject: str, *roles: Role, tenant_id: str = "") -> Person:
        """Somebody with a token and a connection of their own."""
        token = self.issuer.issue(tenant_id or self.tenant_id, subject, roles or [Role.PATIENT])
        browser = self.way(address) if self.wire == WEBSOCKET else ""
        return Person(address, token, subject, browser=browser)

    def close(self) -> None:
        """Forget the tenant's key, and let go."""
        try:
            self.client["keyvault"]["data_keys"].delete_many({"keyAltNames": self.tenant_id})
        finally:
            self.client.close()

    def documents(self, collection: str) -> list[dict[str, Any]]:
        """All of a collection, in the order of insertion."""
        return list(self.client[self.settings.database][collection].find())

    def emitted(self, message: type[Message]) -> list[Any]:
        """The committed events of one type, oldest first."""
        rows = self.client[self.settings.database]["outbox"].find(
            {"type": message.DESCRIPTOR.full_name}, sort=[("create_time", 1), ("position", 1)]
        )
        return [message.FromString(row["body"]) for row in rows]


class Person:
    """A caller: unary methods by name, and a stream, over a WebSocket where there is a browser."""

    def __init__(self, address: str, token: str, subject: str, *, browser: str = "") -> None:
        self._token, self._browser = token, browser
        self._sockets: list[SocketStream] = []
        self._resumes: dict[str, str] = {}
        self._channel = grpc.aio.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self.stub: Any = SessionsServiceStub(self._channel)
        self._attend: Any = self._channel.stream_stream(
            METHOD,
            request_serializer=written,  # also of what is no frame
            response_deserializer=pb.AttendSessionResponse.FromString,
        )
        self.metadata = (("authorization", f"Bearer {token}"),)
        self.subject = subject

    async def call(self, method: str, **fields: Any) -> Any:
        request = getattr(pb, f"{method}Request")(**fields)
        return await getattr(self.stub, method)(request, metadata=self.metadata, timeout=10)

    async def changes(self, method: str, **fields: Any) -> Any:
        return await self.call(method, request_id=str(uuid4()), **fields)

    async def attests(self, state: str = "VA") -> None:
        await self.changes(
            "AttestLocation",
            patient_id=self.subject,
            state=state,
            address="12 Elm Street",
            callback_number="+1 555 0100",
        )

    async def ticket(self, session_id: str = "s-1") -> str:
        """A new one; none where who they are keeps them out, as the door will say as well."""
        try:
            asked = await self.changes("CreateJoinTicket", session_id=session_id)
        except grpc.aio.AioRpcError as error:
            if error.code() in PASSING:
                raise
            return ""
        return str(asked.join_ticket)

    async def hello(self, session_id: str = "s-1", **fields: Any) -> pb.Hello:
        """With what opens the door: what the last welcome brought, or a ticket."""
        if session_id in self._resumes:
            fields.setdefault("resume_token", self._resumes[session_id])
        elif not fields.keys() & {"join_ticket", "resume_token"}:
            fields["join_ticket"] = await self.ticket(session_id)
        return pb.Hello(session_id=session_id, **fields)

    def attends(self) -> Attendance:
        if not self._browser:
            return Attendance(self._attend(metadata=self.metadata))
        self._sockets.append(SocketStream(self._browser, self._token))
        return Attendance(self._sockets[-1])

    async def joins(self, session_id: str = "s-1", **fields: Any) -> Attendance:
        hello = await self.hello(session_id, **fields)
        attendance = self.attends()
        await attendance.send(hello=hello)
        welcome = await attendance.next("welcome")
        self._resumes[session_id] = welcome.resume_token
        return attendance

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await self._channel.close()


class Attendance:
    """One open stream: what came is kept as it came, byte for byte."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.frames: list[pb.AttendSessionResponse] = []
        self._more: deque[pb.AttendSessionResponse] = deque()
        self.messages = 0

    async def send(self, **frame: Any) -> None:
        await self.stream.write(pb.AttendSessionRequest(**frame))

    async def say(self, text: str, request_id: str = "") -> str:
        request_id = request_id or str(uuid4())
        await self.send(chat=pb.Chat(request_id=request_id, text=text))
        return request_id

    async def press(self) -> None:
        await self.send(raise_signal=pb.RaiseSignal(request_id=str(uuid4())))

    async def read(self) -> Any:
        """The next frame, of those that came as one message too; EOF at the end."""
        if not self._more:
            if (message := await self.stream.read()) is grpc.aio.EOF:
                return message
            self.messages += 1
            is_several = message.WhichOneof("frame") == "frames"
            self._more.extend(message.frames.frames if is_several else [message])
        return self._more.popleft()

    async def next(self, kind: str, where: Callable[[Any], bool] = lambda _: True) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.read()
                assert frame is not grpc.aio.EOF, f"the stream ended before {kind}"
                self.frames.append(frame)
                if frame.WhichOneof("frame") == kind and where(getattr(frame, kind)):
                    return getattr(frame, kind)

    async def answer(self, request_id: str) -> Any:
        """The receipt or refusal of that frame."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.read()
                assert frame is not grpc.aio.EOF, "the stream ended before the answer"
                self.frames.append(frame)
                kind = frame.WhichOneof("frame")
                if kind in {"receipt", "refusal"} and getattr(frame, kind).request_id == request_id:
                    return getattr(frame, kind)

    async def hears(self, text: str) -> Any:
        return await self.next("room_event", lambda each: each.text == text)

    async def until_lost(self) -> None:
        """Take what still comes until the connection is gone."""
        try:
            while (frame := await self.read()) is not grpc.aio.EOF:
                self.frames.append(frame)
        except (grpc.aio.AioRpcError, Ended):
            return

    @property
    def events(self) -> list[Any]:
        """The room's events in the order in which they came."""
        return [f.room_event for f in self.frames if f.WhichOneof("frame") == "room_event"]

    @property
    def receipts(self) -> set[str]:
        return {f.receipt.request_id for f in self.frames if f.WhichOneof("frame") == "receipt"}


async def refusal(call: Any) -> tuple[str, str]:
    """Code and reason of a call or stream that must not succeed."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if hasattr(call, "read"):
                while await call.read() is not grpc.aio.EOF:
                    continue
            else:
                await call
    except grpc.aio.AioRpcError as error:
        return error.code().name, reason_of(error)
    except Ended as ended:
        return ended.code, ended.reason
    raise AssertionError("it was not refused")


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable reason, as a stock client reads it from the Status."""
    status = from_call(error)
    assert status is not None, f"{error.code()} without details: {error.details()}"
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)


@asynccontextmanager
async def people(*everyone: Person) -> AsyncIterator[None]:
    """Their connections, closed at the end."""
    async with AsyncExitStack() as stack:
        for person in everyone:
            stack.push_async_callback(person.close)
        yield


def noon() -> datetime:
    """An instant for clocks that stand still."""
    return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
