"""The image, the compose file, the tenants and the broker's definitions say what the code says."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path

import pytest
import yaml

from chassis.tenants import Tenants
from chassis.topology import load_catalogue, topology_of
from cli.environment import SERVICES, TENANTS_FILE
from cli.stack import commands

ROOT = Path(__file__).parents[2]
PACKAGES = {"chassis", "clinical", "services", "cli"}


def test_the_image_runs_as_nobody_in_particular_and_holds_no_tools() -> None:
    _, build, run = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    assert "USER 65532:65532" in run
    assert "pip install --constraint requirements.lock ." in build
    assert "COPY . " not in build + run


def test_the_image_is_made_of_all_that_the_package_needs() -> None:
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == allowed
    assert PACKAGES | {"protos", "hatch_build.py", "pyproject.toml", "README.md"} <= copied
    assert all((ROOT / name).exists() for name in copied)


def test_compose_opens_loopback_only() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    ports = [port for service in services.values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert {"5672", "15672", "27017", "1025"} <= {port.split(":")[1] for port in ports}


def test_the_lock_names_versions_and_no_places() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line and "/" not in line and "@" not in line for line in pinned)
    assert not any(line.startswith("-") for line in lines)


def test_the_lock_pins_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    names = {_plain(each) for each in wanted} - {"haven"}
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert names <= {_plain(line.partition("==")[0]) for line in lines if "==" in line}


def _plain(requirement: str) -> str:
    name = requirement
    for mark in "[<>=~ ;":
        name = name.partition(mark)[0]
    return name.lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "file", [TENANTS_FILE, ROOT / "deploy" / "k8s" / "tenants.toml"], ids=["local", "k8s"]
)
def test_every_number_of_a_tenant_is_one_that_the_service_knows(file: Path, service: str) -> None:
    module = importlib.import_module(f"services.{service}.domain.policy")
    Tenants.load(file).check(service, getattr(module, f"{service.title()}Policy"))


def test_the_definitions_file_is_the_topology() -> None:
    file = ROOT / "deploy" / "rabbitmq" / "definitions.json"
    expected = topology_of(load_catalogue(SERVICES)).definitions()
    assert json.loads(file.read_text()) == expected, "make definitions"


def test_makefile_and_ci_agree_on_what_every_change_must_pass() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make lint test"
    phony = (ROOT / "Makefile").read_text()
    targets = ("help", "setup", "gen", "lint", "unit", "test", "bench", "demo", "run", "clean")
    assert all(f"\n{target}:" in phony for target in targets)


def test_a_process_is_listed_for_each_service_and_kind_and_the_auditor() -> None:
    assert len(commands()) == 3 * len(SERVICES) + 1
