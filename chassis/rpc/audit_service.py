"""Every service's own audit trail, read-only. Reading it is itself a line in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from haven.audit.v1 import audit_pb2, audit_pb2_grpc
from haven.policy.v1 import policy_pb2

from chassis.call import Call
from chassis.decode import Fields
from chassis.errors import NotFound
from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.server import Served
from chassis.store import AUDIT, Document, Page, Reader, Store

SERVICE = audit_pb2.DESCRIPTOR.services_by_name["AuditService"]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which entries are asked for; no patient means all."""

    patient_id: str
    page_size: int
    page_token: str


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """Lists audit entries, newest first."""

    def __init__(self, bridge: Bridge, store: Store) -> None:
        self._bridge, self._store = bridge, store

    async def ListAuditEntries(
        self, request: audit_pb2.ListAuditEntriesRequest, context: Context
    ) -> audit_pb2.ListAuditEntriesResponse:
        """All entries of the tenant, optionally about one patient."""
        return await self._bridge.run(
            request, context, decode=_all_entries, handle=self._list, encode=_entries_response
        )

    async def ListPatientAccesses(
        self, request: audit_pb2.ListPatientAccessesRequest, context: Context
    ) -> audit_pb2.ListPatientAccessesResponse:
        """What others and the patient did with the patient's own record."""
        return await self._bridge.run(
            request, context, decode=_accesses, handle=self._list, encode=_accesses_response
        )

    def _list(self, call: Call, listing: Listing) -> Page[Document]:
        def entries(reader: Reader) -> Page[Document]:
            reader.touch(listing.patient_id)
            page = reader.page(
                AUDIT,
                {"patient_id": listing.patient_id} if listing.patient_id else {},
                page_size=listing.page_size,
                page_token=listing.page_token,
                order_by="-create_time",
            )
            if listing.patient_id and not page.items and not listing.page_token:
                # Of a patient of another tenant nothing is on record here, this question included.
                raise NotFound("NOT_FOUND", "nothing is on record about this patient here")
            return page

        return self._store.read(call, entries)


def _all_entries(request: audit_pb2.ListAuditEntriesRequest) -> Listing:
    fields = Fields(request)
    return _listing(request, fields, fields.optional_identifier("patient_id"))


def _accesses(request: audit_pb2.ListPatientAccessesRequest) -> Listing:
    fields = Fields(request)
    return _listing(request, fields, fields.identifier("patient_id"))


def _listing(
    request: audit_pb2.ListAuditEntriesRequest | audit_pb2.ListPatientAccessesRequest,
    fields: Fields,
    patient_id: str,
) -> Listing:
    fields.done()
    return Listing(patient_id, request.page_size, request.page_token)


def _entries_response(page: Page[Document]) -> audit_pb2.ListAuditEntriesResponse:
    return audit_pb2.ListAuditEntriesResponse(
        audit_entries=[_entry(document) for document in page.items],
        next_page_token=page.next_page_token,
    )


def _accesses_response(page: Page[Document]) -> audit_pb2.ListPatientAccessesResponse:
    return audit_pb2.ListPatientAccessesResponse(
        audit_entries=[_entry(document) for document in page.items],
        next_page_token=page.next_page_token,
    )


def _entry(document: Mapping[str, Any]) -> audit_pb2.AuditEntry:
    entry = audit_pb2.AuditEntry(
        audit_entry_id=document["_id"],
        service=document["service"],
        actor_id=document["actor_id"],
        actor_roles=[
            policy_pb2.Role.Value(f"ROLE_{role.upper()}") for role in document["actor_roles"]
        ],
        action=document["action"],
        patient_id=document["patient_id"],
        resource_id=document["resource_id"],
        purpose=document["purpose"],
        sequence=document.get("sequence") or 0,
    )
    entry.create_time.FromDatetime(document["create_time"])
    return entry


def served(servicer: AuditServicer) -> Served:
    """The servicer as a server takes it."""
    return Served(audit_pb2_grpc.add_AuditServiceServicer_to_server, servicer, SERVICE)
