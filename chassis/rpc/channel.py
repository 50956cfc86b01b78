"""Channels and server credentials. Between Haven processes always mTLS, each side by its name."""

from __future__ import annotations

import grpc
from grpc import aio

from chassis.auth.pki import Credentials

KEEPALIVE_MILLIS, KEEPALIVE_TIMEOUT_MILLIS = 10_000, 5_000
RECONNECT_MILLIS, LONGEST_RECONNECT_MILLIS = 100, 1_000
# How long one attempt may take. gRPC calls it a backoff, and would else cut an attempt off when the
# next is due: a busy peer whose handshake takes longer than that could never be reached.
CONNECT_MILLIS = 2_000
Options = list[tuple[str, int | str]]


def open_channel(
    address: str, credentials: Credentials | None = None, *, service: str = ""
) -> grpc.Channel:
    """A channel to a peer; with credentials it is mTLS and the peer must be `service`.

    Without credentials it is plaintext, for loopback. A dead peer is noticed within seconds and
    tried again every second at most.
    """
    if credentials is None:
        return grpc.insecure_channel(address, channel_options())
    return grpc.secure_channel(
        address, client_credentials(credentials), channel_options(service=service)
    )


def open_async_channel(
    address: str, credentials: Credentials | None = None, *, service: str = ""
) -> aio.Channel:
    """The same for asyncio."""
    if credentials is None:
        return aio.insecure_channel(address, channel_options())
    return aio.secure_channel(
        address, client_credentials(credentials), channel_options(service=service)
    )


def client_credentials(credentials: Credentials) -> grpc.ChannelCredentials:
    """For calling a peer."""
    return grpc.ssl_channel_credentials(
        credentials.authority, credentials.key, credentials.certificate
    )


def server_credentials(credentials: Credentials) -> grpc.ServerCredentials:
    """For serving peers: a caller without a certificate of our authority is not let in."""
    return grpc.ssl_server_credentials(
        [(credentials.key, credentials.certificate)],
        root_certificates=credentials.authority,
        require_client_auth=True,
    )


def channel_options(*, service: str = "") -> Options:
    """Keepalive, quick reconnects and, for a peer, the name its certificate must bear."""
    options: Options = [
        ("grpc.keepalive_time_ms", KEEPALIVE_MILLIS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MILLIS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MILLIS),
        ("grpc.min_reconnect_backoff_ms", CONNECT_MILLIS),
        ("grpc.max_reconnect_backoff_ms", LONGEST_RECONNECT_MILLIS),
        ("grpc.enable_http_proxy", 0),
    ]
    if service:
        options.append(("grpc.ssl_target_name_override", f"{service}.haven"))
    return options
