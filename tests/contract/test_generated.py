"""The code made from the protos, while others import it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatch_build import ROOT, generate, replace_changed


def test_to_generate_again_touches_no_file_that_is_right() -> None:
    sources = [
        path for path in (ROOT / "gen").rglob("*_pb2*.py*") if "__pycache__" not in str(path)
    ]
    before = {path: path.stat().st_ino for path in sources}

    generate()

    assert before == {path: path.stat().st_ino for path in sources}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    fresh, held = tmp_path / "fresh", tmp_path / "held"
    for folder in (fresh / "care" / "v1", held / "care" / "v1"):
        folder.mkdir(parents=True)
        (folder / "same_pb2.py").write_text("SAME = 1\n")
        (folder / "changed_pb2.pyi").write_text(f"FROM = {folder.parts[-3]!r}\n")
    (fresh / "care" / "v1" / "new_pb2.py").write_text("NEW = 1\n")
    (held / "care" / "v1" / "gone_pb2.py").write_text("GONE = 1\n")
    return fresh, held


def test_only_what_changed_is_replaced(folders: tuple[Path, Path]) -> None:
    fresh, held = folders
    kept = (held / "care" / "v1" / "same_pb2.py").stat().st_ino

    replace_changed(fresh, held)

    found = held / "care" / "v1"
    assert (found / "same_pb2.py").stat().st_ino == kept
    assert (found / "changed_pb2.pyi").read_text() == "FROM = 'fresh'\n"
    assert sorted(os.listdir(found)) == ["changed_pb2.pyi", "new_pb2.py", "same_pb2.py"]
