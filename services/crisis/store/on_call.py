"""How crisis keeps who cannot be called, and what has been told of gaps in the cover."""

from __future__ import annotations

from datetime import datetime

from chassis.ids import derived_id
from chassis.store import Index, Page, Reader, Repository, Store, Tx, due_index
from services.crisis.codec import messages
from services.crisis.codec import on_call_documents as documents
from services.crisis.domain.commands import ListPage
from services.crisis.domain.coverage_gap import CoverageGap
from services.crisis.domain.opt_out import OptOut
from services.crisis.domain.reach import NEVER_TOLD, Reach

OPT_OUTS, GAPS, CHECKS = "on_call_opt_outs", "coverage_gaps", "coverage_checks"
STAFF_REACH = "staff_reach"

INDEXES: tuple[Index, ...] = (
    Index(OPT_OUTS, [("tenant_id", 1), ("end_time", 1)], partial={"is_active": True}),
    Index(OPT_OUTS, [("tenant_id", 1), ("start_time", -1), ("_id", -1)]),
    Index(OPT_OUTS, [("tenant_id", 1), ("clinician_id", 1), ("start_time", -1), ("_id", -1)]),
    Index(GAPS, [("tenant_id", 1)], partial={"is_open": True}),
    due_index(CHECKS, "next_check_time"),
    due_index(CHECKS, "plan_change_time"),
)


def opt_outs_of(reader: Reader, since: datetime) -> tuple[OptOut, ...]:
    """Opt-outs that were not over by then; how the house works, so nobody's chart."""
    # By the minute: who asks together asks the same, and need not ask twice (shared_rows.py).
    minute = since.replace(second=0, microsecond=0)
    found = reader.find(OPT_OUTS, {"is_active": True, "end_time": {"$gt": minute}})
    opt_outs = map(documents.opt_out_from, found)
    return tuple(each for each in opt_outs if each.end > since)


def reach_of(reader: Reader) -> Reach:
    """Whom of the staff a page can reach, as notify last told."""
    found = reader.find_one(STAFF_REACH, {"_id": _reach_id(reader.call.tenant_id)})
    return documents.reach_from(found) if found else NEVER_TOLD


class MongoOnCallBook:
    """Opt-outs, gaps, and one document per tenant that says when its cover is looked at next."""

    def __init__(self, store: Store) -> None:
        self._opt_outs: Repository[OptOut] = Repository(
            store,
            OPT_OUTS,
            to_document=documents.opt_out_document,
            from_document=documents.opt_out_from,
            to_messages=messages.message_of,
        )
        self._gaps: Repository[CoverageGap] = Repository(
            store,
            GAPS,
            to_document=documents.gap_document,
            from_document=documents.gap_from,
            to_messages=messages.message_of,
        )

    def load_opt_out(self, reader: Reader, id: str) -> OptOut:
        """The opt-out; NotFound where the tenant has none."""
        return self._opt_outs.load(reader, id)

    def keep_opt_out(self, tx: Tx, opt_out: OptOut) -> OptOut:
        """Keep a new or changed opt-out."""
        keep = self._opt_outs.save if opt_out.version else self._opt_outs.insert
        return keep(tx, opt_out)

    def page_opt_outs(self, reader: Reader, asked: ListPage) -> Page[OptOut]:
        """The tenant's, or one clinician's, opt-outs, latest start first."""
        found = reader.page(
            OPT_OUTS,
            {"clinician_id": asked.id} if asked.id else {},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-start_time",
        )
        items = [documents.opt_out_from(each) for each in found.items]
        return Page(items, found.next_page_token)

    def open_gaps(self, reader: Reader) -> list[CoverageGap]:
        """The gaps that have been told and not closed."""
        return [documents.gap_from(each) for each in reader.find(GAPS, {"is_open": True})]

    def gap(self, reader: Reader, id: str) -> CoverageGap | None:
        """The gap, open or closed; None where it was never told."""
        found = reader.find_one(GAPS, {"_id": id})
        return documents.gap_from(found) if found else None

    def keep_gap(self, tx: Tx, gap: CoverageGap) -> None:
        """Keep a new or changed gap."""
        keep = self._gaps.save if gap.version else self._gaps.insert
        keep(tx, gap)

    def reach(self, reader: Reader) -> Reach:
        """Whom of the staff a page can reach, as notify last told."""
        return reach_of(reader)

    def keep_reach(self, tx: Tx, reach: Reach, version: int) -> None:
        """Remember it, unless something newer is known."""
        copy = {"_id": _reach_id(tx.call.tenant_id), **documents.reach_document(reach)}
        tx.take_newer(STAFF_REACH, copy, aggregate_version=version)

    def check_due(self, reader: Reader) -> datetime | None:
        """When the tenant's cover is looked at next; None where nobody has begun to."""
        found = reader.find_one(CHECKS, {"_id": check_id(reader.call.tenant_id)})
        return found["next_check_time"] if found else None

    def plan_change(self, reader: Reader) -> datetime | None:
        """When a plan changed that the waiting cases have not been held against yet."""
        found = reader.find_one(CHECKS, {"_id": check_id(reader.call.tenant_id)})
        return found["plan_change_time"] if found else None

    def keep_check(self, tx: Tx, next_check: datetime, plan_change: datetime | None) -> None:
        """Say when to look next. Every look at the tenant's cover writes this one document, so
        two of them cannot miss each other's change."""
        change: dict[str, datetime | None] = {"next_check_time": next_check}
        if plan_change is not None:
            change["plan_change_time"] = plan_change
        if self.check_due(tx) is None:
            change.setdefault("plan_change_time", None)
        id = {"_id": check_id(tx.call.tenant_id)}
        tx.update_one(CHECKS, id, {"$set": change}, upsert=True)

    def plan_change_done(self, tx: Tx, plan_change: datetime) -> None:
        """The waiting cases have been held against this change, and there was none after it."""
        same = {"_id": check_id(tx.call.tenant_id), "plan_change_time": plan_change}
        tx.update_one(CHECKS, same, {"$set": {"plan_change_time": None}})


def _reach_id(tenant_id: str) -> str:
    return derived_id(tenant_id, STAFF_REACH)


def check_id(tenant_id: str) -> str:
    """One check per tenant."""
    return derived_id(tenant_id, "coverage-check")
