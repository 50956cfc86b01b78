"""Once: a repeated request gets its first answer, a repeated event has no second effect.

Both keys are committed with the change they stand for, so there is no moment in between.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.call import Call, EventOnce, RequestOnce
from chassis.errors import AlreadyExists, InvalidArgument
from chassis.store.engine import Document, EffectExists, Query, Rows
from chassis.store.shared_rows import Ahead

ANSWERS = "idempotency_keys"
INBOX = "inbox"


class AlreadyAnswered(EffectExists):
    """Not a failure: this request was answered before, with these bytes."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("answered before")
        self.answer = answer


class AlreadyDone(EffectExists):
    """Not a failure: this event has had its effect in this consumer."""


def begin(rows: Rows, call: Call, now: datetime) -> None:
    """Leave with AlreadyAnswered or AlreadyDone where the call's effect is there already."""
    match call.once:
        case RequestOnce() as request:
            _refuse_repeat(rows, call, request)
        case EventOnce() as event:
            _take(rows, call, event, now)


def finish(rows: Rows, call: Call, result: Any, now: datetime) -> None:
    """Keep the answer of a request beside its effect, where the effect does not keep it."""
    if isinstance(call.once, RequestOnce) and call.once.effect is None:
        rows.insert(ANSWERS, [answer_row(call, call.once, result, now)])


def answer_row(call: Call, request: RequestOnce, result: Any, now: datetime) -> Document:
    """What is kept of an answer."""
    return {
        "_id": _key(call, request),
        "schema": 1,
        "tenant_id": call.tenant_id,
        "method": request.method,
        "fingerprint": request.fingerprint,
        "answer": request.encode(result),
        "create_time": now,
    }


def request_key(call: Call) -> str:
    """A caller can meet only its own answers, of the same method; "" without a request."""
    return _key(call, call.once) if isinstance(call.once, RequestOnce) else ""


def _key(call: Call, request: RequestOnce) -> str:
    parts = (call.tenant_id, request.method, call.actor.subject, request.request_id.lower())
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def ahead(call: Call) -> list[Ahead]:
    """What `begin` will read."""
    if isinstance(call.once, RequestOnce):
        by_key = {"_id": _key(call, call.once), "tenant_id": call.tenant_id}
        return [Ahead(_collection(call.once), by_key)]
    return []


def answers(rows: Rows, tenant_id: str, requests: Mapping[str, RequestOnce]) -> dict[str, Document]:
    """What was answered before to requests of one kind, by their keys, as `answer_row` has it."""
    if not requests:
        return {}
    first, *others = requests
    ids = first if not others else {"$in": [*requests]}
    effect, collection = requests[first].effect, _collection(requests[first])
    found = rows.find(collection, {"_id": ids, "tenant_id": tenant_id})
    if effect is None:
        return {row["_id"]: row for row in found}
    recalled = {row["_id"]: effect.recall(row) for row in found}
    return {key: {"fingerprint": each[0], "answer": each[1]} for key, each in recalled.items()}


def _collection(request: RequestOnce) -> str:
    return request.effect.collection if request.effect else ANSWERS


def _refuse_repeat(rows: Rows, call: Call, request: RequestOnce) -> None:
    for known in answers(rows, call.tenant_id, {_key(call, request): request}).values():
        raise repeat_of(known, request)


def repeat_of(known: Document, request: RequestOnce) -> Exception:
    """What a request comes to whose key has an answer already."""
    asked = known["fingerprint"]
    if asked is not None and bytes(asked) != request.fingerprint:
        return InvalidArgument("REQUEST_ID_REUSED", "this request_id came with another body")
    return AlreadyAnswered(bytes(known["answer"]))


def known(rows: Rows, calls: Sequence[Call]) -> frozenset[str]:
    """The inbox keys of those calls whose effect is there already."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for call in calls:
        if key := inbox_key(call):
            keys[call.tenant_id].append(key)
    return frozenset(
        row["_id"]
        for tenant_id, ids in keys.items()
        for row in rows.find(
            INBOX, {"_id": {"$in": ids}, "tenant_id": tenant_id}, Query(fields=("_id",))
        )
    )


def inbox_key(call: Call) -> str:
    """One event in one consumer; "" where the call is not of an event."""
    match call.once:
        case EventOnce() as event:
            return f"{event.consumer}/{event.event_id}"
    return ""


def _take(rows: Rows, call: Call, event: EventOnce, now: datetime) -> None:
    row = {
        "_id": inbox_key(call),
        "schema": 1,
        "tenant_id": call.tenant_id,
        "consumer": event.consumer,
        "event_id": event.event_id,
        "create_time": now,
    }
    try:
        rows.insert(INBOX, [row])
    except AlreadyExists as error:
        raise AlreadyDone from error
