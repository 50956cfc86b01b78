"""Figures: what was measured, in which unit, against which yardstick of the same run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path("build/bench.json")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its bound; `yardstick` says what the same run measured it against."""

    name: str
    value: float
    unit: str
    yardstick: str
    bound: str

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bound, written as `<= 25` or `>= 0.4`."""
        sign, limit = self.bound.split()
        return self.value <= float(limit) if sign == "<=" else self.value >= float(limit)


def percentile(samples: Sequence[float], share: float) -> float:
    """The value that `share` (0-1) of the samples do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def write(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """Merge into the results file: a figure measured again replaces the older one."""
    known = (
        {entry["name"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}
    )
    for figure in figures:
        known[figure.name] = {
            key: value for key, value in asdict(figure).items() if key != "bound"
        } | {"bound": figure.bound}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(known.values()), indent=2) + "\n")


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table("figure", "value", "unit", "bound", "", "yardstick in the same run")
    for figure in figures:
        mark = "[green]ok[/green]" if figure.holds else "[red]missed[/red]"
        table.add_row(
            figure.name,
            f"{figure.value:,.3f}",
            figure.unit,
            figure.bound,
            mark,
            figure.yardstick,
        )
    Console(width=140).print(table)
