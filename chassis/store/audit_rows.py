"""Audit rows: who did or saw what, durable before the answer, sealed soon after (chassis.audit)."""

from __future__ import annotations

from datetime import datetime

from chassis.call import Call, EventOnce, RequestOnce
from chassis.ids import new_id
from chassis.store.engine import Document

AUDIT = "audit_entries"
SEALS = "audit_seals"


class Touched:
    """Whose records, and which resources, one call met; in the order it met them."""

    def __init__(self) -> None:
        self._resources: dict[str, list[str]] = {}

    def add(self, patient_id: str, resource_id: str) -> None:
        """Note one; noting it again changes nothing."""
        known = self._resources.setdefault(patient_id, [])
        if resource_id and resource_id not in known:
            known.append(resource_id)

    def by_patient(self) -> list[tuple[str, list[str]]]:
        """One entry per patient ("" for what belongs to none)."""
        return list(self._resources.items())


def audit_documents(
    call: Call, touched: Touched, *, now: datetime, service: str, traceparent: str
) -> list[Document]:
    """A row per patient touched; a named action that touched nobody still leaves one."""
    entries = touched.by_patient() or ([("", [])] if call.action else [])
    shared = {
        "schema": 1,
        "tenant_id": call.tenant_id,
        "create_time": now,
        "service": service,
        "actor_id": call.actor.subject,
        "actor_roles": sorted(role.value for role in call.actor.roles),
        "action": call.action,
        "purpose": call.purpose,
        "cause_id": _cause_of(call),
        "trace_id": traceparent[3:35],
        "sealed": False,
    }
    return [
        {
            "_id": new_id(),
            **shared,
            "patient_id": patient_id,
            "resource_id": resources[0] if resources else "",
            "resource_ids": resources,
        }
        for patient_id, resources in entries
    ]


def _cause_of(call: Call) -> str:
    """The request or event that asked for it."""
    match call.once:
        case RequestOnce(request_id=request_id):
            return request_id
        case EventOnce(event_id=event_id):
            return event_id
        case None:
            return ""
