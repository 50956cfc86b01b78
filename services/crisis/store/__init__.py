"""How crisis keeps its cases, plans and copies."""

from __future__ import annotations

from datetime import datetime

from chassis.store import Ahead, Filter, Index, Page, Reader, Repository, Store, Tx, due_index
from services.crisis.codec import documents, messages
from services.crisis.domain.case import Case
from services.crisis.domain.commands import ListPage
from services.crisis.domain.coverage import Plan
from services.crisis.domain.escalation import EscalationPolicy, Target
from services.crisis.domain.opt_out import Absences, OptOut
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.timeline import Act
from services.crisis.store import (
    atlas,
    copies,
    drills,
    follow_ups,
    on_call,
    person_queue,
    safety_plans,
)
from services.crisis.store.atlas import MongoAtlas
from services.crisis.store.copies import MongoCopies
from services.crisis.store.drills import MongoDrillBook
from services.crisis.store.follow_ups import FOLLOW_UPS, MongoFollowUps
from services.crisis.store.names import ACTS, CASES
from services.crisis.store.person_queue import PERSON_REQUESTS, MongoPersonQueue
from services.crisis.store.safety_plans import MongoSafetyPlans

__all__ = [
    "ACTS",
    "CASES",
    "FOLLOW_UPS",
    "INDEXES",
    "PERSON_REQUESTS",
    "MongoAtlas",
    "MongoCaseBook",
    "MongoCopies",
    "MongoDrillBook",
    "MongoFollowUps",
    "MongoPersonQueue",
    "MongoPlans",
    "MongoSafetyPlans",
]

POLICIES, ROTATIONS = "escalation_policies", "rotations"

INDEXES: tuple[Index, ...] = (
    # At most one unresolved case per patient, whoever reports at the same moment. Cases whose
    # patient nobody knows yet may be several.
    Index(
        CASES,
        [("tenant_id", 1), ("patient_id", 1)],
        unique=True,
        partial={"is_open": True, "patient_id": {"$gt": ""}},
        label="of-patient",
    ),
    # Nor several of one sender whom nobody knows.
    Index(
        CASES,
        [("tenant_id", 1), ("stranger_key", 1)],
        unique=True,
        partial={"stranger_key": {"$gt": ""}},
    ),
    Index(CASES, [("tenant_id", 1), ("next_deadline_time", 1)], partial={"is_open": True}),
    Index(CASES, [("tenant_id", 1), ("list_key", -1), ("_id", -1)]),
    Index(CASES, [("tenant_id", 1), ("patient_id", 1), ("list_key", -1)]),
    due_index(CASES, "next_deadline_time"),
    due_index(CASES, "next_hand_off_time"),
    # One effect per fact, whichever way and however often it comes.
    Index(ACTS, [("tenant_id", 1), ("fact_id", 1)], unique=True, partial={"is_signal": True}),
    Index(ACTS, [("tenant_id", 1), ("case_id", 1), ("sequence", -1)]),
    Index(ACTS, [("tenant_id", 1), ("page_id", 1)]),
    # For the auditor: the pages of late, and what was heard last of one recipient's.
    Index(ACTS, [("tenant_id", 1), ("act_time", 1)], partial={"kind": "paged"}),
    *(
        Index(
            ACTS,
            [("tenant_id", 1), ("recipient_id", 1), ("act_time", -1)],
            partial={"kind": f"page_{answer}"},
            label=answer,
        )
        for answer in ("delivered", "failed")
    ),
    Index(POLICIES, [("tenant_id", 1)]),
    Index(ROTATIONS, [("tenant_id", 1)]),
    *atlas.INDEXES,
    *copies.INDEXES,
    *drills.INDEXES,
    *follow_ups.INDEXES,
    *person_queue.INDEXES,
    *safety_plans.INDEXES,
    *on_call.INDEXES,
)


class MongoCaseBook:
    """Cases, each in one document; their timelines line by line beside them."""

    def __init__(self, store: Store) -> None:
        self._cases: Repository[Case] = Repository(
            store,
            CASES,
            to_document=documents.case_document,
            from_document=documents.case_from,
            to_messages=messages.message_of,
        )

    def load(self, reader: Reader, case_id: str) -> Case:
        """The case; NotFound where the tenant has none."""
        return self._cases.load(reader, case_id)

    def ahead(self, case_id: str) -> list[Ahead]:
        """What `load` will read."""
        return [Ahead(CASES, {"_id": case_id})]

    def ahead_of(self, signal: Signal) -> list[Ahead]:
        """What `by_fact` and `open_of` will read."""
        reads = [Ahead(ACTS, _fact(signal.fact_id))]
        if signal.patient_id:
            reads.append(Ahead(CASES, _open(signal.patient_id)))
        return reads

    def open_of(self, reader: Reader, patient_id: str) -> Case | None:
        """The patient's one unresolved case."""
        found = self._cases.find(reader, _open(patient_id), limit=1)
        return found[0] if found else None

    def open_of_stranger(self, reader: Reader, sender_key: str) -> Case | None:
        """The one unresolved case of a sender whom nobody knows."""
        found = self._cases.find(reader, {"stranger_key": sender_key}, limit=1)
        return found[0] if found else None

    def unresolved(self, reader: Reader) -> list[tuple[Severity, bool]]:
        """The tenant's unresolved cases: how severe each is, and whether it has a deadline."""
        deadline = "next_deadline_time"
        found = reader.find(CASES, {"is_open": True}, fields=("severity", deadline))
        return [
            (Severity[each["severity"].upper()], documents.time_in(each, deadline) is not None)
            for each in found
        ]

    def waiting_ids(self, reader: Reader) -> list[str]:
        """The tenant's cases that nobody has answered; nobody's chart."""
        found = reader.find(CASES, {"is_open": True, "state": "open"}, fields=("state",))
        return [each["_id"] for each in found]

    def by_fact(self, reader: Reader, fact_id: str) -> Case | None:
        """The case in which this fact had its effect."""
        return self._by_act(reader, _fact(fact_id))

    def by_page(self, reader: Reader, page_id: str) -> Case | None:
        """The case that asked for this page."""
        return self._by_act(reader, {"page_id": page_id})

    def page(self, reader: Reader, asked: ListPage) -> Page[Case]:
        """The tenant's, or one patient's, cases: what needs people first."""
        found = reader.page(
            CASES,
            {"patient_id": asked.id} if asked.id else {},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-list_key",
        )
        for document in found.items:
            reader.touch(document["patient_id"], document["_id"])
        return Page([documents.case_from(each) for each in found.items], found.next_page_token)

    def newest_acts(self, reader: Reader, case_id: str, limit: int) -> list[Act]:
        """The end of a case's timeline, oldest of it first."""
        order = [("sequence", -1)]
        found = reader.find(ACTS, {"case_id": case_id}, sort=order, limit=limit)
        return [documents.act_from(each) for each in reversed(found)]

    def page_acts(self, reader: Reader, asked: ListPage) -> Page[Act]:
        """A case's timeline, newest first."""
        found = reader.page(
            ACTS,
            {"case_id": asked.id},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-sequence",
        )
        return Page([documents.act_from(each) for each in found.items], found.next_page_token)

    def insert(self, tx: Tx, case: Case) -> Case:
        """Keep a new case; AlreadyExists where the patient has an unresolved one."""
        stored = self._cases.insert(tx, case)
        self._write_timeline(tx, case)
        return stored

    def save(self, tx: Tx, case: Case) -> Case:
        """Keep what happened to a case."""
        stored = self._cases.save(tx, case)
        self._write_timeline(tx, case)
        return stored

    def signal_ids(self, reader: Reader, case_id: str, source: Source) -> list[str]:
        """See ports.CaseBook."""
        wanted = {"case_id": case_id, "is_signal": True, "detail": source.value}
        found = reader.find(ACTS, wanted, sort=[("sequence", 1)])
        return [act["fact_id"] for act in found]

    def _by_act(self, reader: Reader, filter: Filter) -> Case | None:
        act = reader.find_one(ACTS, filter, fields=("case_id",))
        return self.load(reader, act["case_id"]) if act else None

    def _write_timeline(self, tx: Tx, case: Case) -> None:
        lines = case.timeline.drain()
        tx.insert_many(ACTS, [documents.act_document(case.id, *line) for line in lines])


def _fact(fact_id: str) -> Filter:
    return {"fact_id": fact_id, "is_signal": True}


def _open(patient_id: str) -> Filter:
    return {"patient_id": patient_id, "is_open": True}


class MongoPlans:
    """Escalation policies, one per severity, and rotations, one per name."""

    def __init__(self, store: Store) -> None:
        self._policies: Repository[EscalationPolicy] = Repository(
            store,
            POLICIES,
            to_document=documents.policy_document,
            from_document=documents.policy_from,
            to_messages=messages.message_of,
        )
        self._rotations: Repository[Rotation] = Repository(
            store,
            ROTATIONS,
            to_document=documents.rotation_document,
            from_document=documents.rotation_from,
            to_messages=messages.message_of,
        )

    def policies(self, reader: Reader) -> list[EscalationPolicy]:
        """All policies of the tenant, one per severity; how the house works, so nobody's chart."""
        return [documents.policy_from(found) for found in reader.find(POLICIES, {})]

    def policy(self, reader: Reader, severity: Severity) -> EscalationPolicy | None:
        """The policy of one severity."""
        found = self._policies.find(reader, {"severity": severity.name.lower()}, limit=1)
        return found[0] if found else None

    def keep_policy(self, tx: Tx, policy: EscalationPolicy) -> EscalationPolicy:
        """Keep a new or changed policy."""
        keep = self._policies.save if policy.version else self._policies.insert
        return keep(tx, policy)

    def rotations(self, reader: Reader) -> dict[str, Rotation]:
        """All rotations of the tenant by name."""
        found = map(documents.rotation_from, reader.find(ROTATIONS, {}))
        return {rotation.name: rotation for rotation in found}

    def rotation(self, reader: Reader, name: str) -> Rotation | None:
        """One rotation."""
        found = self._rotations.find(reader, {"name": name}, limit=1)
        return found[0] if found else None

    def opt_outs(self, reader: Reader, since: datetime) -> tuple[OptOut, ...]:
        """Who cannot be called, from opt-outs that were not over by then."""
        return on_call.opt_outs_of(reader, since)

    def plan(self, reader: Reader, *, is_next_called: bool) -> Plan:
        """Everything that says who is called from now on."""
        named = (policy.targets() for policy in self.policies(reader))
        absences = Absences(self.opt_outs(reader, reader.now), is_next_called)
        everybody = frozenset[Target]().union(*named)
        return Plan(self.rotations(reader), absences, everybody, on_call.reach_of(reader))

    def keep_rotation(self, tx: Tx, rotation: Rotation) -> Rotation:
        """Keep a new or changed rotation."""
        keep = self._rotations.save if rotation.version else self._rotations.insert
        return keep(tx, rotation)
