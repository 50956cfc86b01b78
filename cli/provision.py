"""What must exist: queues in the broker, indexes in the databases, people whom a drill reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from chassis.broker import connect as connect_broker
from chassis.broker import drop
from chassis.clock import DatabaseClock
from chassis.ids import new_id
from chassis.settings import FROM_SERVICE, Secret, load
from chassis.store import CHASSIS_INDEXES, Index, Store, connect
from chassis.tenants import Tenants
from chassis.topology import Catalogue, check, declare, load_catalogue, topology_of
from cli.environment import SERVICES, LocalEnvironment

DRILL_MAILBOX = "drill@haven.example"  # a domain that can never exist
REGISTER_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Where one service's documents are."""

    service: str = field(default="", metadata=FROM_SERVICE)
    mongodb_uri: Secret
    database: str = field(default="", metadata=FROM_SERVICE)


@dataclass(frozen=True, kw_only=True)
class TenantSettings:
    """Where the tenants are named."""

    tenants_file: Path


@dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """Where the broker is."""

    amqp_uri: Secret


def catalogue() -> Catalogue:
    """Every event of the five services."""
    return load_catalogue(SERVICES)


def declare_topology(amqp_uri: str) -> None:
    """Make every exchange, queue and binding exist."""
    connection = connect_broker(amqp_uri)
    try:
        declare(connection, topology_of(catalogue()))
    finally:
        drop(connection)


def check_topology(amqp_uri: str) -> None:
    """Unavailable("TOPOLOGY_INCOMPLETE") unless everything is there."""
    connection = connect_broker(amqp_uri)
    try:
        check(connection, topology_of(catalogue()))
    finally:
        drop(connection)


def tenants(environ: Mapping[str, str]) -> Tenants:
    """The provider organizations of this deployment."""
    return Tenants.load(load(TenantSettings, prefix="cli", environ=environ).tenants_file)


def amqp_uri(environ: Mapping[str, str]) -> str:
    """The broker's address; SettingsError where none is set."""
    return load(BrokerSettings, prefix="cli", environ=environ).amqp_uri.reveal()


def indexes_of(service: str) -> Sequence[Index]:
    """All that a service's database needs, the chassis' own collections included."""
    own: Sequence[Index] = import_module(f"services.{service}.store").INDEXES
    return (*CHASSIS_INDEXES, *own)


def apply_indexes(environ: Mapping[str, str]) -> None:
    """Make what is missing, in every service's database."""
    for service in SERVICES:
        with store_of(service, environ) as store:
            store.ensure_indexes(indexes_of(service))


def missing_indexes(environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Names of missing indexes by service."""
    missing: dict[str, list[str]] = {}
    for service in SERVICES:
        with store_of(service, environ) as store:
            missing[service] = list(store.missing_indexes(indexes_of(service)))
    return missing


def register_drill_responders(environment: LocalEnvironment) -> None:
    """In each drill tenant of a local stack, give whoever is paged a mailbox."""
    import grpc
    from haven.notify.v1 import notify_pb2, notify_pb2_grpc, resources_pb2

    from services.crisis.domain.policy import CrisisPolicy

    known = tenants(environment.variables)
    policies = {each: known.policy(each, "crisis", CrisisPolicy) for each in known.ids}
    with grpc.insecure_channel(environment.addresses["notify"]) as channel:
        stub = notify_pb2_grpc.NotifyServiceStub(channel)
        for tenant_id in sorted(each for each, policy in policies.items() if policy.is_drill):
            token = environment.issuer.issue(tenant_id, "drill-setup", ("administrator",))
            stub.RegisterContactPoint(
                notify_pb2.RegisterContactPointRequest(
                    request_id=new_id(),
                    recipient_id=policies[tenant_id].supervisor_id,
                    channel=resources_pb2.CHANNEL_EMAIL,
                    address=DRILL_MAILBOX,
                ),
                metadata=(("authorization", f"Bearer {token}"),),
                timeout=REGISTER_SECONDS,
            )


@contextmanager
def store_of(service: str, environ: Mapping[str, str]) -> Iterator[Store]:
    """A service's store, opened by an operator's command."""
    settings = load(DatabaseSettings, prefix=service, environ=environ)
    client = connect(settings.mongodb_uri.reveal(), app_name="haven-cli", pool_size=2)
    store = Store(client, settings.database, service=service, clock=DatabaseClock(client))
    try:
        yield store
    finally:
        store.close()
        client.close()
