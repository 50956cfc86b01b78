"""The indexes of the chassis' own collections, and how long their rows are kept."""

from __future__ import annotations

from datetime import timedelta

from chassis.store.audit_rows import AUDIT, SEALS
from chassis.store.engine import Index
from chassis.store.once import ANSWERS, INBOX
from chassis.store.outbox_rows import OUTBOX
from chassis.topology import MessageClass

# Published events can be replayed for a month (style.md 4).
OUTBOX_KEPT = timedelta(days=30)
# An event may come again as long as it can be replayed, and a month may pass before that in a dead
# queue or unpublished: the inbox must remember longer than all of these together.
INBOX_KEPT = timedelta(days=90)
# A client repeats a request within minutes; a phone that lay switched off, within weeks.
ANSWERS_KEPT = timedelta(days=30)


def _seconds(kept: timedelta) -> int:
    return int(kept.total_seconds())


def due_index(collection: str, field: str) -> Index:
    """The index that a timer on `field` needs; rows without a time there cost nothing."""
    return Index(collection, [(field, 1)], partial={field: {"$type": "date"}})


CHASSIS_INDEXES: tuple[Index, ...] = (
    # One per class: a hundred thousand bulk rows must not stand between the relay and a crisis row.
    *(
        Index(
            OUTBOX,
            [("create_time", 1), ("position", 1)],
            partial={"published": False, "message_class": message_class.value},
            label=message_class.value,
        )
        for message_class in MessageClass
    ),
    Index(
        OUTBOX, [("create_time", 1)], partial={"awaiting.0": {"$exists": True}}, label="awaiting"
    ),
    # What some consumer has not taken stays, however long that is.
    Index(
        OUTBOX,
        [("publish_time", 1)],
        partial={"published": True, "awaiting": []},
        expire_after=_seconds(OUTBOX_KEPT),
        label="done",
    ),
    Index(INBOX, [("create_time", 1)], expire_after=_seconds(INBOX_KEPT)),
    Index(ANSWERS, [("create_time", 1)], expire_after=_seconds(ANSWERS_KEPT)),
    Index(AUDIT, [("tenant_id", 1), ("create_time", -1), ("_id", -1)]),
    Index(AUDIT, [("tenant_id", 1), ("patient_id", 1), ("create_time", -1), ("_id", -1)]),
    Index(
        AUDIT, [("tenant_id", 1), ("create_time", 1)], partial={"sealed": False}, label="unsealed"
    ),
    Index(AUDIT, [("tenant_id", 1), ("sequence", 1)], partial={"sealed": True}),
    Index(SEALS, [("tenant_id", 1), ("first", 1)], unique=True),
)
