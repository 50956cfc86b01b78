"""The people of the story and how they reach Haven: signed tokens, the public API, one trace."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from chassis.auth.issuer import Issuer
from chassis.ids import new_id

CALL_SECONDS = 30.0
AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token: a tenant, a subject and roles."""

    tenant: str
    subject: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: the status, its stable reason and the fields at fault."""

    code: str
    reason: str
    fields: tuple[str, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it was sent, by whom, and what came back (None where it was refused)."""

    person: Person
    request: Message
    response: Message | None


@dataclass
class World:
    """Asks the five services in somebody's name and remembers what was asked."""

    addresses: Mapping[str, str]
    issuer: Issuer
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    exchanges: list[Exchange] = field(default_factory=list)
    milliseconds: float = 0.0
    _channels: dict[str, grpc.Channel] = field(default_factory=dict)

    def ask(self, person: Person, request: Message) -> Any:  # the response type of the request
        """The response; a request without a request_id that needs one gets a fresh one."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not getattr(request, "request_id"):  # noqa: B009  # the name is checked by the descriptor
            setattr(request, "request_id", new_id())  # noqa: B010
        before = time.perf_counter()
        try:
            response = self._persist(person, request, until=before + CALL_SECONDS)
        except grpc.RpcError:
            self.exchanges.append(Exchange(person, request, None))
            raise
        finally:
            self.milliseconds = (time.perf_counter() - before) * 1000
        self.exchanges.append(Exchange(person, request, response))
        return response

    def _persist(self, person: Person, request: Message, *, until: float) -> Any:
        """As every client should: what is UNAVAILABLE is asked again, under the same request_id."""
        while True:
            try:
                return self._method(request)(
                    request, metadata=self.metadata(person), timeout=CALL_SECONDS
                )
            except grpc.RpcError as error:
                if refusal(error).code != "UNAVAILABLE" or time.perf_counter() > until:
                    raise
                time.sleep(AGAIN_SECONDS)

    def refused(self, person: Person, request: Message) -> Refusal | None:
        """How the request was refused; None where it was not."""
        try:
            self.ask(person, request)
        except grpc.RpcError as error:
            return refusal(error)
        return None

    def metadata(self, person: Person) -> tuple[tuple[str, str], ...]:
        """Authorization and the story's trace, for calls made on a stub."""
        token = self.issuer.issue(person.tenant, person.subject, person.roles)
        span = secrets.token_hex(8)
        return (
            ("authorization", f"Bearer {token}"),
            ("traceparent", f"00-{self.trace_id}-{span}-01"),
        )

    def channel(self, service: str) -> grpc.Channel:
        """The channel to a service's public address."""
        if service not in self._channels:
            self._channels[service] = grpc.insecure_channel(self.addresses[service])
        return self._channels[service]

    def close(self) -> None:
        """Hang up."""
        for channel in self._channels.values():
            channel.close()

    def _method(self, request: Message) -> Callable[..., Any]:
        module = request.DESCRIPTOR.file.name.removesuffix(".proto").replace("/", ".")
        name, owner = request.DESCRIPTOR.name.removesuffix("Request"), module.split(".")[1]
        face = next(
            face
            for face in request.DESCRIPTOR.file.services_by_name.values()
            if name in face.methods_by_name
        )
        stubs = import_module(f"{module}_pb2_grpc")
        # Every service serves its own audit trail; where none is named, ask intake for it.
        channel = self.channel(owner if owner in self.addresses else "intake")
        stub = getattr(stubs, f"{face.name}Stub")(channel)
        method: Callable[..., Any] = getattr(stub, name)
        return method


def refusal(error: grpc.RpcError) -> Refusal:
    """Status, reason and fields of a refused call, as any client can read them."""
    assert isinstance(error, grpc.Call)
    reason, fields, metadata = "", (), {}
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            fields = tuple(violation.field for violation in bad.field_violations)
    return Refusal(error.code().name, reason, fields, metadata)
