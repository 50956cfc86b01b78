"""Make the Python code under gen/ from protos/. Runs at install, and by hand as `make gen`."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, where hatchling is not installed
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent


def generate(root: Path = ROOT) -> None:
    """Bring gen/ up to date: modules and type stubs for every proto.

    A file that is right already is not touched, and none is ever missing or half written: this
    also runs when Haven is installed, and others may be importing from here.
    """
    with tempfile.TemporaryDirectory(dir=root, prefix=".gen-") as fresh:
        make_modules(root / "protos", Path(fresh))
        replace_changed(Path(fresh) / "haven", root / "gen" / "haven")


def make_modules(protos: Path, target: Path) -> None:
    """The modules and type stubs of every proto, in an empty folder."""
    from grpc_tools import protoc

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


def replace_changed(fresh: Path, target: Path) -> None:
    """Make the target folder hold what the fresh one does, a file at a time."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*.py*")}
    for each in wanted:
        made, held = fresh / each, target / each
        if not held.exists() or held.read_bytes() != made.read_bytes():
            held.parent.mkdir(parents=True, exist_ok=True)
            os.replace(made, held)
    for held in [*target.rglob("*.py"), *target.rglob("*.pyi")]:
        if held.relative_to(target) not in wanted:
            held.unlink()


class GenerateProtos(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generate(Path(self.root))


if __name__ == "__main__":
    generate()
    sys.exit(0)
