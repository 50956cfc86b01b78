"""What a platform's processes warned of, in the order of time: to be read where a test failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SLOW_MILLIS = 1_000  # of one command of the database
LAST = 100


def complaints(folder: Path) -> str:
    """Warnings and errors of all processes below this folder, and what took the database long."""
    told = [line for log in folder.rglob("*.log") for line in _of(log)]
    return "\n".join(sorted(told)[-LAST:])


def _of(log: Path) -> Iterator[str]:
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and (text := _told(entry)):
            yield f"{text} ({log.stem})"


def _told(entry: dict[str, Any]) -> str:
    if entry.get("level") in {"warning", "error", "critical"}:
        said = {key: value for key, value in entry.items() if key not in {"timestamp", "level"}}
        return f"{entry.get('timestamp', '')} {said}"
    about = entry.get("attr")  # as mongod writes
    took = about.get("durationMillis", 0) if isinstance(about, dict) else 0
    if took < SLOW_MILLIS:
        return ""
    return f"{entry['t']['$date']} {entry.get('msg')}: {took} ms"
