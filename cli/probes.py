"""Is a process ready? What Kubernetes asks, asked from here."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.settings import split_address

PROBE_SECONDS = 2.0


def is_ready(name: str, variables: Mapping[str, str]) -> bool:
    """The HTTP probe of any process, and an api's gRPC health as well."""
    service, process, *_ = name.split("-")  # and a replica's number
    prefix = f"HAVEN_{service}_".upper()
    if not answers(variables[f"{prefix}{process.upper()}_METRICS_ADDRESS"], "/readyz"):
        return False
    return process != "api" or serves(variables[f"{prefix}GRPC_ADDRESS"])


def answers(address: str, path: str) -> bool:
    """True where an HTTP GET gives 200."""
    host, port = split_address(address)
    connection = HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def serves(address: str) -> bool:
    """True where the standard gRPC health service says SERVING."""
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=PROBE_SECONDS
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
