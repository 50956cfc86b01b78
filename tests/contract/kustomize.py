"""Two ways to build deploy/k8s: a small loader of exactly what it uses, and kubectl where found.

Debian 12's kubectl is too old for it and Ubuntu 24.04 has none, so the loader is what every
machine runs; where a recent kubectl exists, it must come to the same result.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
KNOWN = {
    "apiVersion", "kind", "namespace", "namePrefix", "nameSuffix", "resources", "labels", "patches",
    "images", "configMapGenerator", "components",
}  # fmt: skip
HASH = re.compile(r"(haven-(?:settings|tenants))-[a-z0-9]{10}")


def build(folder: Path) -> list[Object]:
    """What `kustomize build` gives, without content hashes in names."""
    wanted = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert not set(wanted) - KNOWN, f"this loader does not know {set(wanted) - KNOWN}"
    objects = [each for name in wanted.get("resources", []) for each in _loaded(folder / name)]
    objects += [_config_map(folder, each) for each in wanted.get("configMapGenerator", [])]
    for name in wanted.get("components", []):
        _component(objects, folder / name)
    for patch in wanted.get("patches", []):
        _patch(objects, patch, folder)
    for each in objects:
        _name(each, wanted)
        for labels in wanted.get("labels", []):
            _label(each, labels)
        _images(each, wanted.get("images", []))
    return objects


def kubectl_build(folder: Path) -> list[Object]:
    """The same by kubectl."""
    built = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True
    ).stdout
    return list(yaml.safe_load_all(HASH.sub(r"\1", built)))


def builders() -> list[Callable[[Path], list[Object]]]:
    """Every way to build on this machine."""
    return [build, kubectl_build] if _has_recent_kubectl() else [build]


def _has_recent_kubectl() -> bool:
    if shutil.which("kubectl") is None:
        return False
    asked = ["kubectl", "version", "--client", "--output=json"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    version = json.loads(answer.stdout or "{}").get("kustomizeVersion", "")
    return str(version).startswith("v5.")


def _loaded(path: Path) -> Iterator[Object]:
    if path.is_dir():
        yield from build(path)
    else:
        yield from yaml.safe_load_all(path.read_text())


def _component(objects: list[Object], folder: Path) -> None:
    """Patches that several folders apply to what they have gathered so far."""
    wanted = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(wanted) == {"apiVersion", "kind", "patches"}
    assert wanted["kind"] == "Component"
    for patch in wanted["patches"]:
        _patch(objects, patch, folder)


def _config_map(folder: Path, generator: Object) -> Object:
    assert set(generator) <= {"name", "envs", "files"}
    data = {name: (folder / name).read_text() for name in generator.get("files", [])}
    for name in generator.get("envs", []):
        lines = (line for line in (folder / name).read_text().splitlines() if line)
        data |= dict(line.split("=", 1) for line in lines)
    name = generator["name"]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _patch(objects: list[Object], patch: Object, folder: Path) -> None:
    target = patch["target"]
    assert {"kind"} <= set(target) <= {"kind", "name"}
    operations = yaml.safe_load(
        patch["patch"] if "patch" in patch else (folder / patch["path"]).read_text()
    )
    for each in objects:
        name = each["metadata"]["name"]
        if each["kind"] == target["kind"] and target.get("name", name) == name:
            for operation in copy.deepcopy(operations):
                _add(each, operation)


def _add(target: Any, operation: Object) -> None:
    assert operation["op"] == "add"
    *way, last = operation["path"].strip("/").split("/")
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if last == "-":
        target.append(operation["value"])
    else:
        target[last] = operation["value"]


def _name(each: Object, wanted: Object) -> None:
    metadata = each["metadata"]
    suffix = wanted.get("nameSuffix", "")
    metadata["name"] = wanted.get("namePrefix", "") + metadata["name"] + suffix
    if "namespace" in wanted and each["kind"] != "Namespace":
        metadata["namespace"] = wanted["namespace"]


def _label(each: Object, labels: Object) -> None:
    pairs, selectors = labels["pairs"], labels.get("includeSelectors", False)
    each["metadata"].setdefault("labels", {}).update(pairs)
    spec = each.get("spec", {})
    if "template" in spec and (selectors or labels.get("includeTemplates", False)):
        spec["template"].setdefault("metadata", {}).setdefault("labels", {}).update(pairs)
    if not selectors:
        return
    if each["kind"] == "Service":
        spec["selector"].update(pairs)
        return
    spec["selector"]["matchLabels"].update(pairs)
    for spread in spec.get("template", {}).get("spec", {}).get("topologySpreadConstraints", []):
        spread["labelSelector"]["matchLabels"].update(pairs)


def _images(each: Object, images: list[Object]) -> None:
    pod = each.get("spec", {}).get("template", {}).get("spec", {})
    for container in pod.get("containers", []):
        for image in images:
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
