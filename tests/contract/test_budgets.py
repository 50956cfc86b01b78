"""Pages stay readable: how long a file and a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Budget:
    """The most lines of a file and of a function below these folders."""

    folders: tuple[str, ...]
    file_lines: int
    function_lines: int


SOURCE = Budget(("chassis", "clinical", "services", "cli"), 300, 40)
# A file of sentences about one thing may be longer; a table of examples is one function.
TESTS = Budget(("tests",), 400, 70)


@pytest.mark.parametrize("budget", [SOURCE, TESTS], ids=["source", "tests"])
def test_no_file_is_longer_than_its_budget(budget: Budget) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in _files(budget)
        if (lines := len(path.read_text().splitlines())) > budget.file_lines
    }
    assert long == {}, "split by noun"


@pytest.mark.parametrize("budget", [SOURCE, TESTS], ids=["source", "tests"])
def test_no_function_is_longer_than_its_budget(budget: Budget) -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.name}": lines
        for path in _files(budget)
        for function in _functions(path)
        if (lines := _length(function)) > budget.function_lines
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    nothing = {"base", "common", "core", "helpers", "manager", "misc", "util", "utils"}
    found = [
        str(path.relative_to(ROOT))
        for budget in (SOURCE, TESTS)
        for path in _files(budget)
        if path.stem in nothing
    ]
    assert found == []


def _files(budget: Budget) -> Iterator[Path]:
    for folder in budget.folders:
        yield from (ROOT / folder).rglob("*.py")


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
