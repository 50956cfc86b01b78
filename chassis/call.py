"""Who asks, for which tenant, under which key, and until when.

Made at the rim, carried by every use case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.deadline import Deadline
from chassis.errors import NotFound

SYSTEM_SECONDS = 30.0  # work that nobody waits for still ends


class Role(StrEnum):
    """The roles of haven.policy.v1.Role."""

    PATIENT = "patient"
    PARTNER = "partner"
    COORDINATOR = "coordinator"
    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy_officer"
    ADMINISTRATOR = "administrator"
    GUEST = "guest"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a process, as its credential names it."""

    subject: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Effect:
    """A request's effect is one row, which is also the record of the request: it has the request's
    key as its id (`chassis.store.request_key`)."""

    collection: str
    # What was asked and what was answered, as the row says; None where it no longer says it.
    recall: Callable[[Mapping[str, Any]], tuple[bytes | None, bytes]]


@dataclass(frozen=True, slots=True)
class RequestOnce:
    """A mutation by RPC: the first answer is kept with the change and returned to every repeat."""

    request_id: str
    method: str
    fingerprint: bytes
    encode: Callable[[Any], bytes]
    # None = the answer is a row of its own.
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class EventOnce:
    """An event's effect in one consumer: one inbox row, in the same transaction."""

    consumer: str
    event_id: str
    # Of the publisher's aggregate when it published: a copy takes only newer ones.
    aggregate_version: int = 0
    # When the publisher committed it: orders facts about one thing that come from two aggregates.
    create_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The frame of one use case.

    Those of one company that come together may be committed together; "" goes alone.
    """

    tenant_id: str
    actor: Actor
    action: str
    once: RequestOnce | EventOnce | None
    deadline: Deadline
    purpose: str = ""
    company: str = ""

    def has(self, role: Role) -> bool:
        """True where the caller holds the role."""
        return role in self.actor.roles

    def require_self(self, patient_id: str) -> None:
        """For a caller who is only a patient, other people's records do not exist."""
        if self.actor.roles == {Role.PATIENT} and self.actor.subject != patient_id:
            raise NotFound("NOT_FOUND", "no such resource")


def system_call(tenant_id: str, *, service: str, action: str, company: str = "") -> Call:
    """The frame of work that time, not a caller, asks for."""
    actor = Actor(f"service:{service}", frozenset({Role.WORKLOAD}))
    deadline = Deadline.after(SYSTEM_SECONDS)
    return Call(tenant_id, actor, action, None, deadline, company=company)
