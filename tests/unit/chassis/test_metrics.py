from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from chassis.telemetry import metrics
from chassis.telemetry.endpoint import Endpoint


class Health:
    """What the probes follow."""

    ready = True
    alive = True


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def endpoint(health: Health) -> Iterator[Endpoint]:
    opened = metrics.serve("127.0.0.1:0", lambda: health.ready, alive=lambda: health.alive)
    yield opened
    opened.close()


def get(endpoint: Endpoint, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_every_label_set_is_there_before_anything_happened(endpoint: Endpoint) -> None:
    metrics.expect_rpcs("haven.test.v1.TestService", ["GetThing"])
    metrics.expect_events(published=[("test.events", "haven.T")], queues=["test.on-thing-made"])
    metrics.expect_outbox("test")
    metrics.expect_leases(["test.job"])
    _, text = get(endpoint, "/metrics")
    for sample in (
        'haven_rpc_requests_total{code="UNAVAILABLE",method="GetThing",'
        'service="haven.test.v1.TestService"} 0.0',
        'haven_rpc_duration_seconds_count{method="GetThing",'
        'service="haven.test.v1.TestService"} 0.0',
        'haven_event_published_total{exchange="test.events",type="haven.T"} 0.0',
        'haven_event_handled_total{outcome="dead",queue="test.on-thing-made"} 0.0',
        'haven_event_lag_seconds_count{queue="test.on-thing-made"} 0.0',
        'haven_outbox_pending_events{service="test"} 0.0',
        'haven_outbox_oldest_pending_timestamp_seconds{service="test"} 0.0',
        'haven_outbox_oldest_awaiting_timestamp_seconds{service="test"} 0.0',
        'haven_lease_held{job="test.job"} 0.0',
        "haven_build_info{version=",
    ):
        assert sample in text


def test_probes_follow_the_process(endpoint: Endpoint, health: Health) -> None:
    assert (get(endpoint, "/livez")[0], get(endpoint, "/readyz")[0]) == (200, 200)
    health.ready = False
    assert (get(endpoint, "/livez")[0], get(endpoint, "/readyz")[0]) == (200, 503)
    health.alive = False
    assert get(endpoint, "/livez")[0] == 503


def test_nothing_else_is_served(endpoint: Endpoint) -> None:
    assert get(endpoint, "/")[0] == 404
    assert get(endpoint, "/metrics/../secrets")[0] == 404


def test_a_closed_endpoint_frees_its_port(health: Health) -> None:
    first = metrics.serve("127.0.0.1:0", lambda: health.ready)
    first.close()
    second = metrics.serve(f"127.0.0.1:{first.port}", lambda: health.ready)
    assert second.port == first.port
    second.close()


def test_every_name_has_the_prefix_and_a_unit() -> None:
    for metric in REGISTRY.collect():
        if metric.name.startswith("haven_"):
            assert metric.type != "counter" or not metric.name.endswith("_count")
            assert metric.documentation
