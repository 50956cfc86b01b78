"""The small outside edge where a caller cannot speak gRPC: callbacks, pages, feeds, browsers.

It runs in the api's event loop and reaches use cases through the same executor as RPCs do.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from chassis.errors import HavenError, Kind
from chassis.log import get_logger
from chassis.settings import ProcessSettings, SettingsError, is_loopback, split_address

log = get_logger("http")
LARGEST_BODY = 1 << 20
DRAIN_SECONDS = 10.0
STATUSES = {
    Kind.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    Kind.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    Kind.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.ABORTED: HTTPStatus.CONFLICT,
    Kind.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    Kind.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(*, service: str) -> web.Application:
    """An app whose errors have one JSON form and which answers /livez."""

    @web.middleware
    async def told(request: web.Request, handler: Answer) -> web.StreamResponse:
        try:
            return await handler(request)
        except HavenError as error:
            return _refusal(error, service)

    app = web.Application(middlewares=[told], client_max_size=LARGEST_BODY)
    app.router.add_get("/livez", _alive)
    return app


@asynccontextmanager
async def serving(
    app: web.Application, address: str, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve until left; gives the address with the real port. Plaintext only on loopback."""
    if tls is None and not is_loopback(address):
        raise SettingsError([f"{address}: plaintext HTTP is served on loopback only; give TLS"])
    host, port = split_address(address)
    # No access log: paths hold ids and tokens.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        await site.start()
        log.info("http.serving", address=_bound(runner))
        yield _bound(runner)
    finally:
        await runner.cleanup()


def public_tls(settings: ProcessSettings) -> ssl.SSLContext | None:
    """TLS with the public certificate, where the process has one."""
    certificate, key = settings.public_certificate_file, settings.public_key_file
    if certificate is None or key is None:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return tls


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _bound(runner: web.AppRunner) -> str:
    host, port, *_ = runner.addresses[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refusal(error: HavenError, service: str) -> web.Response:
    """google.rpc.Status in its JSON spelling, as gRPC callers know it."""
    body = {
        "error": {
            "status": error.kind.name,
            "reason": error.reason,
            "domain": f"{service}.haven",
            "message": error.text,
            "field_violations": [
                {"field": each.field, "reason": each.reason, "description": each.description}
                for each in error.violations
            ],
        }
    }
    return web.json_response(body, status=STATUSES[error.kind])
