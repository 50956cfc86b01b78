"""A small aggregate and calls to store it with, for tests of the store and what stands on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseResolved, PageRequested

from chassis.call import Actor, Call, EventOnce, RequestOnce, Role
from chassis.deadline import Deadline
from chassis.store import Document, Index, Repository, Store, due_index

CHARTS = "charts"
INDEXES = (
    # At most one open chart per patient.
    Index(
        CHARTS,
        [("tenant_id", 1), ("patient_id", 1)],
        unique=True,
        partial={"state": "open"},
        label="open",
    ),
    Index(CHARTS, [("tenant_id", 1), ("create_time", 1), ("_id", 1)]),
    due_index(CHARTS, "review_time"),
)
ONE_OPEN = INDEXES[0].name


@dataclass(frozen=True)
class Alarmed:
    """Becomes a crisis-class event."""


@dataclass(frozen=True)
class Closed:
    """Becomes a clinical-class event."""


@dataclass(frozen=True)
class Noted:
    """Stays inside."""


@dataclass
class Chart:
    """An aggregate like any other."""

    id: str
    patient_id: str = "p1"
    state: str = "open"
    lines: int = 0
    review_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def alarm(self, now: datetime) -> None:
        """Something happened that cannot wait."""
        del now
        self.lines += 1
        self.events.append(Alarmed())

    def note(self, now: datetime) -> None:
        """Something happened that nobody else needs to know."""
        del now
        self.lines += 1
        self.events.append(Noted())

    def close(self, now: datetime) -> None:
        """Nothing more will happen."""
        del now
        self.state = "closed"
        self.events.append(Closed())


def charts(store: Store) -> Repository[Chart]:
    """The repository under test."""
    return Repository(
        store,
        CHARTS,
        to_document=_to_document,
        from_document=_from_document,
        to_messages=_to_message,
    )


def a_call(
    tenant_id: str = "t1",
    *,
    action: str = "chart.write",
    once: RequestOnce | EventOnce | None = None,
    seconds: float = 10.0,
    subject: str = "clinician-1",
) -> Call:
    """A clinician's call, or an event's that stands in its queue's company."""
    actor = Actor(subject, frozenset({Role.CLINICIAN}))
    company = once.consumer if isinstance(once, EventOnce) else ""
    deadline = Deadline.after(seconds)
    return Call(tenant_id, actor, action, once, deadline, purpose="treatment", company=company)


def a_request(
    request_id: str = "",
    *,
    body: bytes = b"body",
    method: str = "WriteChart",
    encode: Callable[[Any], bytes] = lambda chart: str(chart.id).encode(),
) -> RequestOnce:
    """The once-key of a mutation whose answer is the chart's id."""
    return RequestOnce(request_id or str(uuid.uuid4()), method, body, encode)


def an_event(event_id: str = "e1", *, consumer: str = "crisis.on-chart-closed") -> EventOnce:
    """The once-key of an event."""
    return EventOnce(consumer, event_id)


def a_chart(id: str = "", **facts: Any) -> Chart:
    """An open chart of patient p1."""
    return Chart(id or str(uuid.uuid4()), **facts)


def _to_document(chart: Chart) -> Document:
    return {
        "patient_id": chart.patient_id,
        "state": chart.state,
        "lines": chart.lines,
        "review_time": chart.review_time,
    }


def _from_document(document: Document) -> Chart:
    facts = {name: document[name] for name in ("patient_id", "state", "lines", "review_time")}
    return Chart(document["_id"], **facts)


def _to_message(event: object) -> Message | None:
    match event:
        case Alarmed():
            return PageRequested(page_id="page")
        case Closed():
            return CaseResolved(case_id="case")
    return None
