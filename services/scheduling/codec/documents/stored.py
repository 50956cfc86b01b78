"""What every document has in common."""

from __future__ import annotations

from typing import Any

from chassis.store import Document

PART2 = "42cfr_part2"


def stored(document: Document) -> dict[str, Any]:
    """What the store itself keeps of every aggregate."""
    return {
        "id": document["_id"],
        "version": document["version"],
        "create_time": document["create_time"],
        "update_time": document["update_time"],
    }


def labels(is_part2_protected: bool) -> list[str]:
    """Substance-use records carry their label from the first write."""
    return [PART2] if is_part2_protected else []
