"""A server to measure: `python -m tests.bench.serve bare|haven <folder> [mongodb-uri]`.

Both serve the same two methods with the same answers. `bare` is grpc.aio and pymongo alone; `haven`
is the chassis: token, policy, deadline, errors, metrics, tracing, executor, audited store. Prints
the address and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from haven.intake.v1 import intake_pb2, intake_pb2_grpc, resources_pb2

from chassis import log
from chassis.auth.issuer import Issuer
from chassis.auth.keys import KeySet
from chassis.auth.pki import ensure_local_pki
from chassis.auth.tokens import Verifier
from chassis.call import Call
from chassis.clock import DatabaseClock
from chassis.ids import new_id
from chassis.rpc.bridge import Bridge
from chassis.rpc.doors import TokenDoor
from chassis.rpc.executor import BoundedExecutor
from chassis.rpc.server import Served, Server
from chassis.settings import ProcessSettings, Secret
from chassis.store import CHASSIS_INDEXES, Document, Store, connect
from chassis.telemetry import tracing
from chassis.tenants import Tenants

TENANT, REFERRAL, DATABASE = "riverbend", "11111111-1111-4111-8111-111111111111", "bench_read"
ISSUER, AUDIENCE = "https://login.haven.test", "haven"
THREADS = 16
INSTRUMENT = resources_pb2.Instrument(instrument="phq-9", instrument_version="1")
DOCUMENT = {"_id": REFERRAL, "tenant_id": TENANT, "version": 1, "schema": 1, "state": "VA"}


# The generated base is abstract to the type checker; both servers here answer two methods of it.
Servicer: Any = intake_pb2_grpc.IntakeServiceServicer


def instruments() -> intake_pb2.ListInstrumentsResponse:
    """A small answer that needs no storage."""
    return intake_pb2.ListInstrumentsResponse(instruments=[INSTRUMENT])


def referral(document: Document) -> intake_pb2.GetReferralResponse:
    """A small answer from one document."""
    found = resources_pb2.Referral(referral_id=document["_id"], state=document["state"])
    return intake_pb2.GetReferralResponse(referral=found)


class Bare(Servicer):  # type: ignore[misc]
    """What one would write without Haven."""

    def __init__(self, mongodb_uri: str) -> None:
        self._threads = ThreadPoolExecutor(THREADS)
        if mongodb_uri:
            client = connect(mongodb_uri, app_name="bench-bare", pool_size=THREADS)
            self._database = client[DATABASE]

    async def ListInstruments(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        return instruments()

    async def GetReferral(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, request.referral_id)

    def _read(self, referral_id: str) -> Any:
        found = self._database["referrals"].find_one({"_id": referral_id, "tenant_id": TENANT})
        assert found is not None
        row = {"_id": new_id(), "tenant_id": TENANT, "action": "referral.get", "sealed": False}
        self._database["bare_audit"].insert_one({**row, "resource_id": referral_id})
        return referral(found)


class Haven(Servicer):  # type: ignore[misc]
    """The same through the bridge and the audited store."""

    def __init__(self, bridge: Bridge, store: Store | None) -> None:
        self._bridge, self._store = bridge, store

    async def ListInstruments(self, request: Any, context: Any) -> Any:
        return await self._bridge.run(
            request,
            context,
            decode=lambda message: message,
            handle=lambda _call, _command: None,
            encode=lambda _result: instruments(),
        )

    async def GetReferral(self, request: Any, context: Any) -> Any:
        return await self._bridge.run(
            request,
            context,
            decode=lambda message: message.referral_id,
            handle=self._read,
            encode=referral,
        )

    def _read(self, call: Call, referral_id: str) -> Document:
        assert self._store is not None
        return self._store.read(call, lambda reader: reader.get("referrals", referral_id))


def settings(folder: Path) -> ProcessSettings:
    """Loopback, plaintext outside, as `haven` runs it locally."""
    return ProcessSettings(
        service="intake",
        env="local",
        amqp_uri=Secret("amqp://nowhere"),
        mongodb_uri=Secret("mongodb://nowhere"),
        tenants_file=folder / "tenants.toml",
        jwks_uri=(folder / "jwks.json").resolve().as_uri(),
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        pki_dir=folder / "pki",
    )


def issuer(folder: Path) -> Issuer:
    """Whose tokens the measured server accepts."""
    return Issuer(folder, issuer=ISSUER, audience=AUDIENCE, environment="local")


async def serve_haven(folder: Path, mongodb_uri: str) -> tuple[Any, str]:
    """The chassis' server on a free port."""
    tracing.configure("intake", "api", f"file:{folder / 'spans.jsonl'}")
    store = None
    if mongodb_uri:
        client = connect(mongodb_uri, app_name="bench-haven", pool_size=THREADS)
        store = Store(client, DATABASE, service="intake", clock=DatabaseClock(client))
        store.ensure_indexes(CHASSIS_INDEXES)
    servicer = Haven(Bridge(BoundedExecutor(THREADS, queue=4 * THREADS)), store)
    door = TokenDoor(
        Verifier(
            KeySet(settings(folder).jwks_uri),
            issuer=ISSUER,
            audience=AUDIENCE,
        ),
        Tenants({TENANT: {}}),
    )
    descriptor = intake_pb2.DESCRIPTOR.services_by_name["IntakeService"]
    served = Served(intake_pb2_grpc.add_IntakeServiceServicer_to_server, servicer, descriptor)
    server = Server(settings(folder), [served], door=door)
    await server.start()
    return server, server.public_address


async def serve_bare(mongodb_uri: str) -> tuple[Any, str]:
    """grpc.aio as it comes."""
    server = grpc.aio.server()
    intake_pb2_grpc.add_IntakeServiceServicer_to_server(Bare(mongodb_uri), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"


async def main(kind: str, folder: Path, mongodb_uri: str = "") -> None:
    """Serve until the parent hangs up."""
    log.configure("intake", "api")
    ensure_local_pki(folder / "pki", ["intake"])
    issuer(folder)
    if kind == "haven":
        server, address = await serve_haven(folder, mongodb_uri)
    else:
        server, address = await serve_bare(mongodb_uri)
    print(address, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    del server


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
