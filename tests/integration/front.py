"""A service's whole api in the test's own loop, and stock clients of both its addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status.rpc_status import from_call

from chassis.auth.issuer import Issuer
from chassis.auth.pki import ensure_local_pki
from chassis.call import Role
from chassis.crypto import make_master_key
from chassis.ids import new_id
from chassis.rpc.channel import open_async_channel
from chassis.rpc.main import Api, Parts, serving
from chassis.settings import ProcessSettings, Secret
from tests.integration.publishers import Publishers, open_publishers

S = TypeVar("S", bound=ProcessSettings)
ISSUER, AUDIENCE = "https://login.haven.test", "haven"


class Refused(Exception):
    """A call that was not answered: its code, its reason and the fields at fault."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in from_call(error).details:
            detail.Unpack(info)
            detail.Unpack(fields)
        super().__init__(f"{error.code().name} {info.reason}")
        self.code, self.reason = error.code().name, info.reason
        self.fields = [each.field for each in fields.field_violations]


@dataclass(frozen=True)
class Caller:
    """Somebody with a token."""

    channel: grpc.aio.Channel
    token: str

    async def ask(self, request: Any) -> Any:
        """The answer; mutations get a key of their own unless they carry one."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = new_id()
        metadata = (("authorization", f"Bearer {self.token}"),)
        try:
            return await self._method(request)(request, metadata=metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            raise Refused(error) from None

    def _method(self, request: Any) -> Any:
        """The method whose request this is, in whichever of the package's files it stands."""
        contract = request.DESCRIPTOR.file
        name = request.DESCRIPTOR.name.removesuffix("Request")
        services = contract.services_by_name
        service = next(each for each in services if name in services[each].methods_by_name)
        stubs = import_module(contract.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc")
        return getattr(getattr(stubs, f"{service}Stub")(self.channel), name)

    async def refused(self, request: Any) -> Refused:
        """The refusal of what must not be answered."""
        try:
            answer = await self.ask(request)
        except Refused as refused:
            return refused
        raise AssertionError(f"answered: {answer}")


@dataclass(frozen=True)
class Front:
    """One served api and how to reach it."""

    service: str
    tenant_id: str
    public: grpc.aio.Channel
    publishers: Publishers
    issuer: Issuer
    address: str

    def caller(self, subject: str, *roles: Role, tenant_id: str = "") -> Caller:
        """A person of the tenant, or of another one."""
        return Caller(self.public, self.issuer.issue(tenant_id or self.tenant_id, subject, roles))

    async def tell(self, event: Message, *, event_id: str = "", version: int = 1) -> bool:
        """Its publisher hands an event over; True where it had come before."""
        return await self.publishers.tell(
            event, tenant_id=self.tenant_id, event_id=event_id, version=version
        )


@asynccontextmanager
async def open_front(  # where everything is
    settings_class: type[S],
    assemble: Callable[[Parts[S]], Api],
    *,
    service: str,
    folder: Path,
    mongodb_uri: str,
    database: str,
    **more: Any,
) -> AsyncIterator[Front]:
    """Serve until left. The tenant is this test's own: keys in the shared vault are per tenant."""
    tenant_id = f"t-{database[-10:]}"
    tenants_file = folder / "tenants.toml"
    tenants_file.write_text(f"[tenants.{tenant_id}]\n[tenants.harbor]\n")
    ensure_local_pki(folder / "pki", [service])
    issuer = Issuer(folder, issuer=ISSUER, audience=AUDIENCE, environment="local")
    settings = settings_class(
        service=service,
        env="local",
        amqp_uri=Secret("amqp://nowhere"),
        mongodb_uri=Secret(mongodb_uri),
        database=database,
        tenants_file=tenants_file,
        jwks_uri=issuer.jwks_uri,
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        pki_dir=folder / "pki",
        master_key_file=make_master_key(folder / "master.key"),
        drain_notice_seconds=0.0,
        drain_seconds=5.0,
        **more,
    )
    async with (
        serving(settings, assemble) as server,
        open_async_channel(server.public_address) as public,
        open_publishers(
            server.internal_address, service=service, pki_dir=folder / "pki"
        ) as publishers,
    ):
        yield Front(service, tenant_id, public, publishers, issuer, server.public_address)
