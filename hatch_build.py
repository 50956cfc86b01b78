"""Make the Python code under gen/ from protos/. Runs at install, and by hand as `make gen`."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, where hatchling is not installed
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent


def generate(root: Path = ROOT) -> None:
    """Replace gen/ with fresh modules and type stubs for every proto."""
    from grpc_tools import protoc

    target, protos = root / "gen", root / "protos"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    # protoc finds its plug-ins on PATH; by hand that is the interpreter's own folder.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    arguments = [
        "protoc",
        f"--proto_path={protos}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}",
        f"--mypy_grpc_out=quiet:{target}",
        *sorted(str(path) for path in (protos / "haven").rglob("*.proto")),
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc failed")


class GenerateProtos(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generate(Path(self.root))


if __name__ == "__main__":
    generate()
    sys.exit(0)
