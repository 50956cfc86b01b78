"""The two gRPC servers of an api: the public one for tokens, the internal one for certificates.

Every served method has a policy or nothing starts. Methods of workloads alone are served on the
internal address only, all others on the public one only. Both speak health and reflection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from chassis.auth.pki import Credentials
from chassis.auth.policies import MethodPolicies, PolicyFault
from chassis.log import get_logger
from chassis.rpc.channel import server_credentials
from chassis.rpc.doors import CertificateDoor, Door
from chassis.rpc.gate import LARGEST_MESSAGE, Gate
from chassis.settings import ProcessSettings, SettingsError, is_loopback, split_address

log = get_logger("rpc.server")

# Above our own limit, so that the refusal is ours and has a reason; far above, gRPC's own answers.
TRANSPORT_LIMIT = 4 * LARGEST_MESSAGE
OPTIONS: list[tuple[str, int]] = [
    ("grpc.so_reuseport", 0),  # a second process on the port is a mistake, not a share
    ("grpc.max_receive_message_length", TRANSPORT_LIMIT),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
]


class Served(NamedTuple):
    """A servicer and how it is added to a server."""

    add: Callable[[Any, Any], None]
    servicer: Any
    descriptor: ServiceDescriptor


@dataclass(frozen=True)
class Faces:
    """What is served to the public and what to peers, with the policies of both."""

    public: Sequence[Served]
    internal: Sequence[Served]
    public_policies: MethodPolicies
    internal_policies: MethodPolicies

    @classmethod
    def of(cls, served: Iterable[Served]) -> Faces:
        """Split by policy; PolicyFault for a method without one or a service that mixes both."""
        public: list[Served] = []
        internal: list[Served] = []
        for each in served:
            policies = list(MethodPolicies.from_services([each.descriptor]))
            sides = {policy.is_internal for policy in policies}
            if len(sides) != 1:
                raise PolicyFault(f"{each.descriptor.full_name}: mixes public and internal methods")
            (internal if sides.pop() else public).append(each)
        return cls(
            public,
            internal,
            MethodPolicies.from_services(each.descriptor for each in public),
            MethodPolicies.from_services(each.descriptor for each in internal),
        )


class Server:
    """The api's servers, started and drained together."""

    def __init__(self, settings: ProcessSettings, served: Iterable[Served], *, door: Door) -> None:
        self._settings = settings
        self._health = health_aio.HealthServicer()
        faces = Faces.of(served)
        self.public_address, self.internal_address = "", ""
        self._public = self._built(faces.public, faces.public_policies, door)
        self._internal = self._built(faces.internal, faces.internal_policies, CertificateDoor())
        self._names = [each.descriptor.full_name for each in (*faces.public, *faces.internal)]

    async def start(self) -> None:
        """Bind both addresses and serve. SettingsError where an address is not allowed or taken."""
        settings = self._settings
        self.public_address = _bind(
            self._public, "HAVEN_GRPC_ADDRESS", settings.grpc_address, _public_credentials(settings)
        )
        own = Credentials.of(settings.pki_dir, settings.service)
        self.internal_address = _bind(
            self._internal,
            "HAVEN_INTERNAL_ADDRESS",
            settings.internal_address,
            server_credentials(own),
        )
        await self._public.start()
        await self._internal.start()
        await self._say(health_pb2.HealthCheckResponse.SERVING)
        log.info("rpc.serving", kind="public", address=self.public_address)
        log.info("rpc.serving", kind="internal", address=self.internal_address)

    async def drain(self) -> None:
        """Say NOT_SERVING, refuse new calls, let running ones end within the settings' grace."""
        log.info("rpc.draining")
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._settings.drain_notice_seconds)
        grace = self._settings.drain_seconds
        await asyncio.gather(self._public.stop(grace), self._internal.stop(grace))

    def _built(self, served: Sequence[Served], policies: MethodPolicies, door: Door) -> aio.Server:
        gate = Gate(service=self._settings.service, policies=policies, door=door)
        server = aio.server(interceptors=[gate], options=OPTIONS)
        for each in served:
            each.add(each.servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = [each.descriptor.full_name for each in served]
        health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        reflection.enable_server_reflection((*names, health_name, reflection.SERVICE_NAME), server)
        return server

    async def _say(self, status: Any) -> None:
        for name in ("", *self._names):
            await self._health.set(name, status)


def _public_credentials(settings: ProcessSettings) -> grpc.ServerCredentials | None:
    """TLS where a certificate is given; without one only this machine may reach the address."""
    certificate, key = settings.public_certificate_file, settings.public_key_file
    if (certificate is None) != (key is None):
        raise SettingsError(["HAVEN_PUBLIC_CERTIFICATE_FILE: goes with HAVEN_PUBLIC_KEY_FILE"])
    if certificate is None or key is None:
        return None
    try:
        return grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    except OSError as error:
        fault = f"HAVEN_PUBLIC_CERTIFICATE_FILE: unreadable ({type(error).__name__})"
        raise SettingsError([fault]) from error


def _bind(
    server: aio.Server, variable: str, address: str, credentials: grpc.ServerCredentials | None
) -> str:
    """The address with the port that was really taken."""
    if credentials is None and not is_loopback(address):
        raise SettingsError([f"{variable}: plaintext is served on loopback only; give TLS files"])
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise SettingsError([f"{variable}: cannot be bound"]) from error
    host, _ = split_address(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
