"""An api process: everything opened, served, and on SIGTERM drained and closed.

# services/crisis/api.py
def assemble(parts: Parts) -> Api:
    crisis = bootstrap(parts.settings, store=parts.store, clock=parts.clock, ...)
    servicer = CrisisServicer(crisis, parts.bridge)
    return Api([Served(add_CrisisServiceServicer_to_server, servicer, SERVICE)],
               consumers=crisis.consumers, indexes=INDEXES)

if __name__ == "__main__":
    api_main(CrisisSettings, "crisis", assemble)
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from chassis.auth.keys import KeySet
from chassis.auth.pki import Credentials
from chassis.auth.policies import MethodPolicies
from chassis.auth.tokens import Verifier
from chassis.errors import HavenError
from chassis.inbound import Handler
from chassis.log import get_logger, names
from chassis.outbox.courier import Courier
from chassis.process import Process, opened
from chassis.rpc import audit_service, delivery_service
from chassis.rpc.bridge import Bridge
from chassis.rpc.channel import open_channel
from chassis.rpc.doors import Door, TokenDoor
from chassis.rpc.executor import BoundedExecutor
from chassis.rpc.gate import Gate
from chassis.rpc.server import Served, Server
from chassis.settings import ProcessSettings, SettingsError, load
from chassis.store import CHASSIS_INDEXES, Index, Store
from chassis.telemetry import metrics

S = TypeVar("S", bound=ProcessSettings)
log = get_logger("api")


@dataclass(frozen=True)
class Parts(Generic[S]):
    """What an api's assembly may use."""

    settings: S
    process: Process
    bridge: Bridge
    door: Door

    def gate(self, *services: ServiceDescriptor) -> Gate:
        """The gate before these public services, for streams that something else than their
        server carries."""
        policies = MethodPolicies.from_services(services)
        return Gate(service=self.settings.service, policies=policies, door=self.door)


@dataclass(frozen=True)
class Api:
    """What one service's api serves."""

    served: Sequence[Served]
    consumers: Mapping[type[Message], Handler] = field(default_factory=dict)
    indexes: Sequence[Index] = ()
    # Entered before serving, left after draining: an HTTP edge, the live rooms.
    lifespans: Sequence[AbstractAsyncContextManager[Any]] = ()
    # Awaited when draining begins, while streams are still open.
    on_drain: Sequence[Callable[[], Awaitable[None]]] = ()


Assemble = Callable[[Parts[S]], Api]


def api_main(settings_class: type[S], service: str, assemble: Assemble[S]) -> None:
    """Run the api until SIGTERM or SIGINT; settings at fault end it with one message."""
    try:
        asyncio.run(_until_told(load(settings_class, prefix=service), assemble))
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    except HavenError:  # a server that is needed at start is away
        log.exception("api.not-started")
        raise SystemExit(1) from None


async def _until_told(settings: S, assemble: Assemble[S]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with serving(settings, assemble):
        await told.wait()


@asynccontextmanager
async def serving(settings: S, assemble: Assemble[S]) -> AsyncIterator[Server]:
    """A served api, drained at the end. Tests use it in their own loop, on free ports."""
    with _parts(settings) as parts:
        api = assemble(parts)
        _check_indexes(parts.process.store, settings, (*CHASSIS_INDEXES, *api.indexes))
        server = Server(settings, _all_served(parts, api), door=parts.door)
        async with AsyncExitStack() as stack:
            for lifespan in api.lifespans:
                await stack.enter_async_context(lifespan)
            is_ready = asyncio.Event()
            endpoint = metrics.serve(settings.api_metrics_address, is_ready.is_set)
            stack.callback(endpoint.close)
            await server.start()
            is_ready.set()
            try:
                yield server
            finally:
                is_ready.clear()
                for prepare in api.on_drain:
                    await prepare()
                await server.drain()


@contextmanager
def _parts(settings: S) -> Iterator[Parts[S]]:
    with opened(settings, "api") as process:
        executor = BoundedExecutor(settings.executor_size, queue=settings.executor_queue)
        courier = _courier(process)
        process.store.after_commit = courier.deliver
        try:
            yield Parts(settings, process, Bridge(executor), _token_door(process))
        finally:
            executor.close()
            process.store.close()
            courier.close()


def _courier(process: Process) -> Courier:
    settings = process.settings
    own = Credentials.of(settings.pki_dir, settings.service)
    channels = {
        name: open_channel(address, own, service=name)
        for name, address in settings.peers.items()
        if name != settings.service
    }
    return Courier(channels, receipt=process.store.receipt)


def _token_door(process: Process) -> TokenDoor:
    settings = process.settings
    keys = KeySet(settings.jwks_uri)
    keys.refresh()  # where it is away, the first callers hear UNAVAILABLE and it is tried again
    verifier = Verifier(keys, issuer=settings.token_issuer, audience=settings.token_audience)
    return TokenDoor(verifier, process.tenants)


def _all_served(parts: Parts[S], api: Api) -> list[Served]:
    process = parts.process
    deliveries = delivery_service.DeliveryServicer(
        parts.bridge,
        api.consumers,
        service=process.settings.service,
        clock=process.clock,
        tenants=process.tenants,
    )
    audit = audit_service.AuditServicer(parts.bridge, process.store)
    return [*api.served, delivery_service.served(deliveries), audit_service.served(audit)]


def _check_indexes(store: Store, settings: ProcessSettings, indexes: Sequence[Index]) -> None:
    """On a developer's machine make what is missing. Elsewhere a missing unique index stops the
    start, because "at most one" rests on it; others only make queries slow and are told."""
    if settings.is_local:
        store.ensure_indexes(indexes)
        return
    missing = set(store.missing_indexes(indexes))
    unique = [index.name for index in indexes if index.unique and index.name in missing]
    if unique:
        raise SettingsError(
            [f"unique index {name} is missing: run `haven indexes apply`" for name in unique]
        )
    if missing:
        log.warning("indexes.missing", index=names(missing), count=len(missing))
