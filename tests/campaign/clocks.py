"""Processes whose wall clocks can be stepped while they run, each by itself."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import isnan, nan
from pathlib import Path

# As in stepped/sitecustomize.py, which the processes read.
ASKED, TOLD = 0, 8


class Clocks:
    """One file per process: what it holds is how far the process's clock is off."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self._files = {name: folder / f"services.{name.replace('-', '.')}" for name in names}
        folder.mkdir(parents=True, exist_ok=True)
        for file in self._files.values():
            file.write_bytes(struct.pack("dd", 0, nan))
        self.variables: Mapping[str, str] = {
            "PYTHONPATH": str(Path(__file__).with_name("stepped")),
            "STEPPED_CLOCKS": str(folder),
        }

    def step(self, name: str, by: timedelta) -> None:
        """From now on this process is told a time that is off by so much."""
        with self._files[name].open("r+b") as file:
            file.seek(ASKED)
            file.write(struct.pack("d", by.total_seconds()))

    def told(self, name: str) -> timedelta | None:
        """How far the time was off that the process was told last; None for one without a step."""
        (seconds,) = struct.unpack_from("d", self._files[name].read_bytes(), TOLD)
        return None if isnan(seconds) else timedelta(seconds=seconds)
