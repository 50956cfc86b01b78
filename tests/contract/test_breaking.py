"""`make lint` compares protos with main where there is something to compare with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "breaking"
PROTO = """syntax = "proto3";
package haven.probe.v1;
message Probe {
  string probe_id = 1;
  string kind = 2;
}
"""
PERSON = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@haven.example",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@haven.example",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}  # fmt: skip


class Clone:
    """A small repository with the script's own view of the world."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environ = {**os.environ, **PERSON, "BUF": str(Path(sys.executable).parent / "buf")}
        self.git("init", "-q", "-b", "main")
        (folder / "buf.yaml").write_text(
            "version: v2\nmodules:\n  - path: protos\nbreaking:\n  use: [WIRE_JSON]\n"
        )
        self.commit()

    def git(self, *arguments: str) -> None:
        self._run("git", *arguments)

    def commit(self, proto: str = "") -> None:
        """Commit, with this proto where one is given."""
        if proto:
            file = self.folder / "protos" / "haven" / "probe" / "v1" / "probe.proto"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(proto)
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def lint(self) -> tuple[int, str]:
        done = subprocess.run(
            [SCRIPT], cwd=self.folder, env=self._environ, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def _run(self, *command: str) -> None:
        subprocess.run(command, cwd=self.folder, env=self._environ, check=True)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_first_protos_have_nothing_to_break(clone: Clone) -> None:
    clone.git("checkout", "-q", "-b", "work")
    clone.commit(PROTO)
    assert clone.lint() == (0, "buf breaking: main has no protos yet\n")


def test_an_added_field_passes(clone: Clone) -> None:
    clone.commit(PROTO)
    clone.git("checkout", "-q", "-b", "work")
    clone.commit(PROTO.replace("}", "  string more = 3;\n}"))
    assert clone.lint() == (0, "")


def test_a_removed_field_fails_and_is_named(clone: Clone) -> None:
    clone.commit(PROTO)
    clone.git("checkout", "-q", "-b", "work")
    clone.commit(PROTO.replace("  string kind = 2;\n", ""))
    code, said = clone.lint()
    assert code != 0
    assert "kind" in said


def test_what_main_did_meanwhile_is_not_held_against_a_branch(clone: Clone) -> None:
    clone.commit(PROTO)
    clone.git("checkout", "-q", "-b", "work")
    clone.commit(PROTO.replace("}", "  string own = 3;\n}"))
    clone.git("checkout", "-q", "main")
    clone.commit(PROTO.replace("}", "  int64 other = 4;\n}"))
    clone.git("checkout", "-q", "work")
    assert clone.lint()[0] == 0


def test_a_clone_without_main_says_so_and_passes(clone: Clone) -> None:
    clone.commit(PROTO)
    clone.git("checkout", "-q", "--orphan", "alone")
    clone.commit(PROTO)
    clone.git("branch", "-q", "-D", "main")
    code, said = clone.lint()
    assert (code, "no common ancestor" in said) == (0, True)
