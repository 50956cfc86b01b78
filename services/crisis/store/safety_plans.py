"""How safety plans are kept: one document per patient, and one for each version, written once."""

from __future__ import annotations

from chassis.store import Index, Page, Reader, Repository, Store, Tx
from services.crisis.codec import aftercare_documents as documents
from services.crisis.codec import messages
from services.crisis.domain.commands import ListPage
from services.crisis.domain.safety_plan import SafetyPlan, Version

SAFETY_PLANS, VERSIONS = "safety_plans", "safety_plan_versions"

INDEXES: tuple[Index, ...] = (
    Index(SAFETY_PLANS, [("tenant_id", 1), ("patient_id", 1)], unique=True),
    # A number is given once: versions are never written over.
    Index(VERSIONS, [("tenant_id", 1), ("patient_id", 1), ("number", -1)], unique=True),
)


class MongoSafetyPlans:
    """Patients' safety plans and every version of them."""

    def __init__(self, store: Store) -> None:
        self._plans: Repository[SafetyPlan] = Repository(
            store,
            SAFETY_PLANS,
            to_document=documents.plan_document,
            from_document=documents.plan_from,
            to_messages=messages.message_of,
        )

    def of(self, reader: Reader, patient_id: str) -> SafetyPlan | None:
        """The patient's plan."""
        found = self._plans.find(reader, {"patient_id": patient_id}, limit=1)
        return found[0] if found else None

    def version(self, reader: Reader, patient_id: str, number: int) -> Version | None:
        """One version of it."""
        wanted = {"patient_id": patient_id, "number": number}
        found = reader.find_one(VERSIONS, wanted)
        if found is None:
            return None
        reader.touch(patient_id, found["_id"])
        return documents.version_from(found)

    def page_versions(self, reader: Reader, asked: ListPage) -> Page[Version]:
        """All versions of a patient's plan, newest first."""
        found = reader.page(
            VERSIONS,
            {"patient_id": asked.id},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-number",
        )
        return Page([documents.version_from(each) for each in found.items], found.next_page_token)

    def keep(self, tx: Tx, plan: SafetyPlan, version: Version | None = None) -> SafetyPlan:
        """Keep a new or changed plan, with the version that was just written."""
        if version is not None:
            tx.insert(VERSIONS, documents.version_document(plan.id, version))
        store = self._plans.save if plan.version else self._plans.insert
        return store(tx, plan)
