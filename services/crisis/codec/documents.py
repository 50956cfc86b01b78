"""Aggregates as documents and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chassis.store import Document
from services.crisis.domain.case import Case
from services.crisis.domain.escalation import (
    EscalationPolicy,
    FrozenPolicy,
    Rung,
    Target,
    TargetKind,
)
from services.crisis.domain.ladder import Ladder
from services.crisis.domain.record import State
from services.crisis.domain.responders import Pledge, Responders
from services.crisis.domain.rotation import Override, Rotation
from services.crisis.domain.signal import Severity, Source
from services.crisis.domain.timeline import Act, ActKind, Timeline
from services.crisis.domain.turns import HandOff

# Fields that a document holds as they are.
PLAIN = (
    "patient_id", "open_time", "location_id", "wait_start", "unanswered", "contacted_by",
    "contact_time", "resolve_time", "resolver_id", "disposition",
)  # fmt: skip
OWNER = ("owner_id", "owner_role", "acknowledge_time")


def time_in(document: Mapping[str, Any], name: str) -> datetime | None:
    """The field's time; None where a hand or a fault left none, or something that is no time.

    A case without its deadline stays one that people can act on; the auditor gives it another.
    """
    value = document.get(name)
    return value if isinstance(value, datetime) else None


def case_document(case: Case) -> Document:
    """A case as it is stored; `list_key` puts what needs people first."""
    opened = case.open_time.isoformat(timespec="milliseconds")
    return {
        **{name: getattr(case, name) for name in PLAIN},
        **_responders_document(case.responders),
        "source": case.source.value,
        "severity": case.severity.name.lower(),
        "state": case.state.value,
        "is_open": case.is_open,
        "list_key": f"{int(case.is_open)}{case.severity.value}{opened}",
        "next_deadline_time": case.next_deadline,
        "signal_time": case.signal_time,
        "alarm_time": case.alarm_time,
        "sender_key": case.sender_key,
        "stranger_key": "" if case.is_patient_known or not case.is_open else case.sender_key,
        "sender_ciphertext": case.sender_ciphertext,
        "snooze_end_time": case.snooze_end,
        "snoozes": case.snoozes,
        # Only a rung that waits for an answer hands off.
        "next_hand_off_time": case.ladder.next_hand_off if case.state is State.OPEN else None,
        "rung": case.ladder.rung,
        "cycle": case.ladder.cycle,
        "is_before_first_rung": case.ladder.is_before_first,
        "pages": _page_documents(case.ladder),
        "policy": _frozen_document(case.ladder.policy),
        "act_count": case.timeline.count,
    }


def case_from(document: Document) -> Case:
    """The case as it was stored."""
    ladder = Ladder(
        policy=_frozen_from(document["policy"]),
        rung=document["rung"],
        cycle=document["cycle"],
        # Cases of earlier releases do not have everything.
        is_before_first=document.get("is_before_first_rung", False),
        pages={page["page_id"]: page["failed"] for page in document["pages"]},
        page_of={
            page["recipient_id"]: page["page_id"]
            for page in document["pages"]
            if page.get("recipient_id")
        },
        ask_times={
            page["page_id"]: page["ask_time"] for page in document["pages"] if page.get("ask_time")
        },
        next_hand_off=document.get("next_hand_off_time"),
    )
    return Case(
        **{name: document[name] for name in PLAIN},
        id=document["_id"],
        source=Source(document["source"]),
        severity=Severity[document["severity"].upper()],
        state=State(document["state"]),
        next_deadline=time_in(document, "next_deadline_time"),
        signal_time=document.get("signal_time"),
        alarm_time=document.get("alarm_time"),
        sender_key=document.get("sender_key", ""),
        sender_ciphertext=bytes(document.get("sender_ciphertext", b"")),
        snooze_end=document.get("snooze_end_time"),
        snoozes=document.get("snoozes", 0),
        ladder=ladder,
        responders=_responders_from(document),
        version=document["version"],
        timeline=Timeline(document["act_count"]),
    )


def _responders_document(people: Responders) -> Document:
    pledges = [{"clinician_id": each.clinician_id, "role": each.role} for each in people.pledges]
    return {
        **{name: getattr(people, name) for name in OWNER},
        "successor_id": people.successor_id,
        "pledges": pledges,
        "invited_ids": list(people.invited),
        "helper_ids": list(people.helpers),
    }


def _responders_from(document: Document) -> Responders:
    # Cases of earlier releases know of an owner only.
    pledges = document.get("pledges", ())
    return Responders(
        **{name: document[name] for name in OWNER},
        successor_id=document.get("successor_id", ""),
        pledges=tuple(Pledge(each["clinician_id"], each["role"]) for each in pledges),
        invited=tuple(document.get("invited_ids", ())),
        helpers=tuple(document.get("helper_ids", ())),
    )


def act_document(case_id: str, sequence: int, act: Act) -> Document:
    """One line of a timeline; the fact behind it is unique in the tenant."""
    return {
        "_id": f"{case_id}/{sequence}",
        "case_id": case_id,
        "sequence": sequence,
        "kind": act.kind.value,
        "act_time": act.time,
        "actor_id": act.actor_id,
        "rung": act.rung,
        "cycle": act.cycle,
        "recipient_id": act.recipient_id,
        "page_id": act.page_id,
        "fact_id": act.fact_id,
        "is_signal": bool(act.fact_id),
        "detail": act.detail,
        "inbound_id": act.inbound_id,
    }


def act_from(document: Document) -> Act:
    """The line as it was stored."""
    return Act(
        kind=ActKind(document["kind"]),
        time=document["act_time"],
        actor_id=document["actor_id"],
        rung=document["rung"],
        cycle=document["cycle"],
        recipient_id=document["recipient_id"],
        page_id=document["page_id"],
        fact_id=document["fact_id"],
        detail=document["detail"],
        # Absent on lines that were written before texts could be read.
        inbound_id=document.get("inbound_id", ""),
    )


def policy_document(policy: EscalationPolicy) -> Document:
    """An escalation policy as it is stored."""
    within = policy.contact_within
    return {
        "severity": policy.severity.name.lower(),
        "rungs": [_rung_document(rung) for rung in policy.rungs],
        "contact_seconds": None if within is None else within.total_seconds(),
    }


def policy_from(document: Document) -> EscalationPolicy:
    """The escalation policy as it was stored."""
    seconds = document["contact_seconds"]
    return EscalationPolicy(
        id=document["_id"],
        severity=Severity[document["severity"].upper()],
        rungs=tuple(_rung_from(rung) for rung in document["rungs"]),
        contact_within=None if seconds is None else timedelta(seconds=seconds),
        version=document["version"],
    )


def rotation_document(rotation: Rotation) -> Document:
    """A rotation as it is stored."""
    return {
        "name": rotation.name,
        "time_zone": rotation.time_zone,
        "start_time": rotation.start,
        "shift_days": rotation.shift_days,
        "hand_offs": [
            {"weekday": each.weekday, "hour": each.hour, "minute": each.minute}
            for each in rotation.hand_offs
        ],
        "end_time": rotation.end,
        "clinician_ids": list(rotation.clinician_ids),
        "overrides": [
            {"clinician_id": each.clinician_id, "start_time": each.start, "end_time": each.end}
            for each in rotation.overrides
        ],
    }


def rotation_from(document: Document) -> Rotation:
    """The rotation as it was stored."""
    return Rotation(
        id=document["_id"],
        name=document["name"],
        time_zone=document["time_zone"],
        start=document["start_time"],
        shift_days=document["shift_days"],
        clinician_ids=tuple(document["clinician_ids"]),
        overrides=tuple(
            Override(each["clinician_id"], each["start_time"], each["end_time"])
            for each in document["overrides"]
        ),
        # Rotations of earlier releases have neither.
        hand_offs=tuple(
            HandOff(each["weekday"], each["hour"], each["minute"])
            for each in document.get("hand_offs", ())
        ),
        end=document.get("end_time"),
        version=document["version"],
    )


def _page_documents(ladder: Ladder) -> list[Document]:
    recipients = {page_id: recipient_id for recipient_id, page_id in ladder.page_of.items()}
    return [
        {
            "page_id": id,
            "failed": failed,
            "recipient_id": recipients.get(id, ""),
            "ask_time": ladder.ask_times.get(id),
        }
        for id, failed in ladder.pages.items()
    ]


def _frozen_document(policy: FrozenPolicy) -> Document:
    return {
        "version": policy.version,
        "rungs": [_rung_document(rung) for rung in policy.rungs],
        "contact_seconds": policy.contact_within.total_seconds(),
        "review_seconds": policy.review_within.total_seconds(),
        "review_repeat_seconds": policy.review_repeat.total_seconds(),
        "page_lifetime_seconds": policy.page_lifetime.total_seconds(),
    }


def _frozen_from(document: Document) -> FrozenPolicy:
    return FrozenPolicy(
        rungs=tuple(_rung_from(rung) for rung in document["rungs"]),
        contact_within=timedelta(seconds=document["contact_seconds"]),
        review_within=timedelta(seconds=document["review_seconds"]),
        review_repeat=timedelta(seconds=document["review_repeat_seconds"]),
        page_lifetime=timedelta(seconds=document["page_lifetime_seconds"]),
        version=document["version"],
    )


def _rung_document(rung: Rung) -> Document:
    return {
        "wait_seconds": rung.wait.total_seconds(),
        "targets": [{"kind": target.kind.value, "id": target.id} for target in rung.targets],
        "acknowledgements": rung.acknowledgements,
    }


def _rung_from(document: dict[str, Any]) -> Rung:
    targets = (Target(TargetKind(each["kind"]), each["id"]) for each in document["targets"])
    wait = timedelta(seconds=document["wait_seconds"])
    return Rung(wait, tuple(targets), document.get("acknowledgements", 1))
