"""How notify keeps what decides whether a message may go, and what people wrote to it."""

from __future__ import annotations

from chassis.store import Index
from services.notify.shelves import directory, wishes

INDEXES: tuple[Index, ...] = (*directory.INDEXES, *wishes.INDEXES)
