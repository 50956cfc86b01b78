"""The Kubernetes base builds, validates, and says the same as the code."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chassis.settings import ProcessSettings, load
from chassis.topology import MessageClass, load_catalogue
from cli.environment import SERVICES
from cli.stack import commands
from tests.contract.kustomize import Object, build, builders

BASE = Path(__file__).parents[2] / "deploy" / "k8s"
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
CLASS = "haven/message-class"
Builder = Callable[[Path], list[Object]]


@pytest.fixture(params=builders(), ids=lambda builder: builder.__name__, scope="module")
def objects(request: pytest.FixtureRequest) -> list[Object]:
    builder: Builder = request.param
    return builder(BASE)


@pytest.fixture
def deployments(objects: list[Object]) -> list[Object]:
    return [each for each in objects if each["kind"] == "Deployment"]


@pytest.mark.parametrize("builder", builders(), ids=lambda builder: builder.__name__)
@pytest.mark.parametrize("folder", [BASE, BASE / "prepare"], ids=["base", "prepare"])
def test_every_object_is_valid_for_kubernetes(folder: Path, builder: Builder) -> None:
    for each in builder(folder):
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("folder", [BASE, BASE / "prepare"], ids=["base", "prepare"])
def test_every_way_to_build_comes_to_the_same(folder: Path) -> None:
    results = [sorted(map(yaml.safe_dump, builder(folder))) for builder in builders()]
    assert all(result == results[0] for result in results)


def test_there_is_a_deployment_for_each_process_of_the_procfile(
    deployments: list[Object],
) -> None:
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in deployments]
    assert {_process(labels) for labels in pods} == set(commands())


def test_each_service_has_one_worker_for_each_class_of_events_that_it_consumes(
    deployments: list[Object],
) -> None:
    consumed = {
        (consumer, spec.message_class.value)
        for spec in load_catalogue(SERVICES).events.values()
        for consumer in spec.consumers
    }
    workers = []
    for each in deployments:
        labels = each["spec"]["template"]["metadata"]["labels"]
        (container,) = each["spec"]["template"]["spec"]["containers"]
        own = {row["name"]: row["value"] for row in container["env"] if "value" in row}
        assert own.get("HAVEN_MESSAGE_CLASSES") == labels.get(CLASS)
        if labels[COMPONENT] == "worker":
            workers.append((labels[NAME], own["HAVEN_MESSAGE_CLASSES"]))
    assert sorted(workers) == sorted(consumed)


def test_each_deployment_runs_the_module_that_its_name_says(deployments: list[Object]) -> None:
    for each in deployments:
        labels = each["spec"]["template"]["metadata"]["labels"]
        (container,) = each["spec"]["template"]["spec"]["containers"]
        flag, module = container["args"]
        module = module.replace("$(SERVICE)", labels[NAME])
        assert (flag, module) == ("-m", f"services.{labels[NAME]}.{labels[COMPONENT]}")
        suffix = f"-{labels[CLASS]}" if CLASS in labels else ""
        assert each["metadata"]["name"] == f"{_process(labels)}{suffix}"
        assert find_spec(module) is not None
        (service,) = [row for row in container["env"] if row["name"] == "SERVICE"]
        assert service["valueFrom"]["fieldRef"]["fieldPath"] == f"metadata.labels['{NAME}']"


@pytest.mark.parametrize("folder", [BASE, BASE / "prepare"], ids=["base", "prepare"])
def test_no_pod_has_more_rights_than_it_needs(folder: Path) -> None:
    pods = [each["spec"]["template"]["spec"] for each in build(folder) if _has_pods(each)]
    assert pods
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} <= set(container["resources"])


def _has_pods(each: Object) -> bool:
    return each["kind"] in {"Deployment", "Job"}


def test_every_process_can_lose_a_pod(objects: list[Object], deployments: list[Object]) -> None:
    budgets = [each for each in objects if each["kind"] == "PodDisruptionBudget"]
    for each in deployments:
        labels = each["spec"]["template"]["metadata"]["labels"]
        covering = [budget for budget in budgets if _selects(budget["spec"]["selector"], labels)]
        assert len(covering) == 1
        assert each["spec"]["replicas"] >= 2


def test_no_selector_reaches_the_pods_of_another_process(
    objects: list[Object], deployments: list[Object]
) -> None:
    for each in deployments:
        reached = [
            other["metadata"]["name"]
            for other in deployments
            if _selects(each["spec"]["selector"], other["spec"]["template"]["metadata"]["labels"])
        ]
        assert reached == [each["metadata"]["name"]]
    for service in (each for each in objects if each["kind"] == "Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        reached = [
            each["metadata"]["name"]
            for each in deployments
            if _selects(selector, each["spec"]["template"]["metadata"]["labels"])
        ]
        assert reached == [service["metadata"]["name"]]


def test_probes_ask_the_port_that_every_process_opens(deployments: list[Object]) -> None:
    for each in deployments:
        (container,) = each["spec"]["template"]["spec"]["containers"]
        probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("readiness", "liveness")]
        assert probes == [
            {"path": "/readyz", "port": "metrics"},
            {"path": "/livez", "port": "metrics"},
        ]
        assert {"name": "metrics", "containerPort": 9000} in container["ports"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_process_can_read_its_settings(
    service: str, objects: list[Object], deployments: list[Object], tmp_path: Path
) -> None:
    shared = _named(objects, "ConfigMap", "haven-settings")["data"]
    for name in ("amqp-uri", "mongodb-uri", "smtp-uri"):
        (tmp_path / name).write_text("scheme://host/")
    for each in deployments:
        if each["spec"]["template"]["metadata"]["labels"][NAME] != service:
            continue
        (container,) = each["spec"]["template"]["spec"]["containers"]
        own = {row["name"]: row["value"] for row in container["env"] if "value" in row}
        environ = {
            name: value.replace("/etc/haven/secrets", str(tmp_path))
            for name, value in {**shared, **own}.items()
        }
        settings = load(ProcessSettings, prefix=service, environ=environ)
        assert settings.internal_address == "0.0.0.0:8444"
        assert settings.grpc_address == "0.0.0.0:8443"
        assert settings.relay_metrics_address == "0.0.0.0:9000"
        assert settings.peers.keys() == set(SERVICES)
        assert settings.kms_file is not None
        assert not settings.is_local
        grace = each["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace > settings.drain_seconds


def test_the_auditor_opens_its_port_and_reaches_the_data_and_nobody_else(
    objects: list[Object], deployments: list[Object]
) -> None:
    shared = _named(objects, "ConfigMap", "haven-settings")["data"]
    assert shared["HAVEN_AUDITOR_METRICS_ADDRESS"] == "0.0.0.0:9000"
    auditor = _named(deployments, "Deployment", "crisis-auditor")["spec"]["template"]
    labels = auditor["metadata"]["labels"]
    policies = [each for each in objects if each["kind"] == "NetworkPolicy"]
    covering = {
        each["metadata"]["name"]
        for each in policies
        if _selects(each["spec"]["podSelector"], labels)
    }
    assert covering == {"default-deny", "names", "data", "keys", "metrics"}


def test_peers_are_called_where_a_service_listens(objects: list[Object]) -> None:
    shared = _named(objects, "ConfigMap", "haven-settings")["data"]
    for service in SERVICES:
        host, _, port = shared[f"HAVEN_{service.upper()}_INTERNAL_ADDRESS"].partition(":")
        ports = _named(objects, "Service", host)["spec"]["ports"]
        assert (host, int(port)) == (f"{service}-api", ports[1]["port"])


def test_nothing_is_mounted_that_does_not_exist(
    objects: list[Object], deployments: list[Object]
) -> None:
    maps = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    for each in deployments:
        pod = each["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        assert volumes["tenants"]["configMap"]["name"] in maps
        assert container["envFrom"][0]["configMapRef"]["name"] in maps
        assert volumes["secrets"]["secret"]["secretName"] in SERVICES


def test_everything_is_denied_that_is_not_allowed(objects: list[Object]) -> None:
    policy = _named(objects, "NetworkPolicy", "default-deny")["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_crisis_events_may_take_exactly_the_ways_that_the_catalogue_knows(
    objects: list[Object], deployments: list[Object]
) -> None:
    direct = {
        (spec.service, consumer)
        for spec in load_catalogue(SERVICES).events.values()
        if spec.message_class is MessageClass.CRISIS
        for consumer in spec.consumers
        if consumer != spec.service
    }
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in deployments]
    expected = {
        (f"{publisher}-{process}", f"{consumer}-api")
        for publisher, consumer in direct
        for process in ("api", "relay")
    }
    assert _edges(objects, pods, port=8444) == expected


def test_an_ingress_reaches_exactly_the_apis_that_serve_browsers(
    objects: list[Object], deployments: list[Object]
) -> None:
    rule = _named(objects, "NetworkPolicy", "edge")["spec"]
    pods = {
        _process(each["spec"]["template"]["metadata"]["labels"]): each["spec"]["template"]
        for each in deployments
    }
    reached = {
        name
        for name, pod in pods.items()
        if _selects(rule["podSelector"], pod["metadata"]["labels"])
    }
    serving = {
        name
        for name, pod in pods.items()
        for port in pod["spec"]["containers"][0]["ports"]
        if port["name"] == "edge"
    }
    assert reached == serving == {"notify-api", "sessions-api"}


def _edges(objects: list[Object], pods: list[dict[str, str]], *, port: int) -> set[tuple[str, str]]:
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    out = {
        (_process(pod), _process(peer))
        for pod in pods
        for peer in pods
        if _allows(policies, pod, peer, ("egress", "to"), port)
    }
    into = {
        (_process(pod), _process(peer))
        for pod in pods
        for peer in pods
        if _allows(policies, peer, pod, ("ingress", "from"), port)
    }
    return out & into - {(_process(pod), _process(pod)) for pod in pods}


def _allows(
    policies: list[Object],
    pod: dict[str, str],
    peer: dict[str, str],
    way: tuple[str, str],
    port: int,
) -> bool:
    direction, side = way
    return any(
        _selects(policy["podSelector"], pod)
        and port in {each["port"] for each in rule.get("ports", [])}
        and any(_selects(each["podSelector"], peer) for each in rule.get(side, []) if _local(each))
        for policy in policies
        for rule in policy.get(direction, [])
    )


def _local(peer: Object) -> bool:
    return "namespaceSelector" not in peer


def _process(labels: dict[str, str]) -> str:
    return f"{labels[NAME]}-{labels[COMPONENT]}"


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    return all(
        labels.get(name) == value for name, value in selector.get("matchLabels", {}).items()
    ) and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
    )


def _named(objects: list[Object], kind: str, name: str) -> Any:
    (found,) = [
        each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    return found
