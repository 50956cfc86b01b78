"""How fast notify writes: from the moment at which reminders are due to the last one's mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psutil
from haven.intake.v1.events_pb2 import AliasAssigned
from haven.scheduling.v1.events_pb2 import SessionScheduled

from chassis.call import system_call
from chassis.ids import new_id
from chassis.store import Tx
from chassis.store.once import INBOX
from chassis.store.outbox_rows import OUTBOX
from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.store import MESSAGES
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure
from tests.bench.people import acquainted, prove
from tests.bench.platform import TENANT, Platform, platform
from tests.waiting import eventually

# A full hour in a large network: many groups begin at once. Everybody is in two of them.
PATIENTS, SESSIONS, SEATS = 1_000, 200, 10
REMINDERS = SESSIONS * SEATS
OFFSET = timedelta(seconds=min(ConsentPolicy().reminder_offsets_seconds))
AHEAD = timedelta(seconds=60)  # enough to tell of all sessions
CONSUMERS = ("notify", "intake", "sessions")  # of SessionScheduled
ALIAS = AliasAssigned.DESCRIPTOR.full_name  # what intake says thereupon
COUNTERS = ("insert", "query", "update", "delete", "getmore", "command")


@dataclass(frozen=True, slots=True)
class Run:
    """How long all reminders took, and what they cost."""

    seconds: float
    busy: float  # of the cores, 0-1
    commands: float  # of the database, for each reminder; whatever else ran meanwhile included


def measure() -> list[Figure]:
    """Reminders per second: written, permitted, sent and answered for, the platform running."""
    with platform() as running:
        assert running.stack.database is not None
        ceiling = transactions_per_second(running.stack.database.uri)
        patients = acquainted(running, PATIENTS)
        prove(running, patients)
        run = _run(running, patients)
    text = (
        f"{REMINDERS:,} reminders due at once, to the last one's mail; cores {run.busy:.0%} busy,"
        f" {run.commands:.0f} database commands each; at most {ceiling:,.0f} bare transactions/s"
    )
    rate = REMINDERS / run.seconds
    return [Figure("notify_messages_per_s", rate, "messages/s", text, ">= 200")]


def _run(running: Platform, patients: Sequence[str]) -> Run:
    due = _schedule(running, patients)
    clock = running.store("notify").clock
    eventually(lambda: clock.now() >= due, within=AHEAD.total_seconds())
    psutil.cpu_percent()
    commands = _commands(running)
    sent = {"tenant_id": TENANT, "message_class": "schedule", "state": "delivered"}
    messages = running.rows("notify", MESSAGES)
    eventually(lambda: messages.count_documents(sent) == REMINDERS, within=180, every=0.5)
    busy, commands = psutil.cpu_percent() / 100, _commands(running) - commands
    assert running.stack.smtp is not None
    mails = running.stack.smtp.mails()  # read once: the cores are for the platform
    assert len(mails) == len({each.headers["Message-ID"] for each in mails}) == REMINDERS
    seconds = (mails[-1].receive_time - due).total_seconds()
    return Run(seconds, busy, commands / REMINDERS)


def _schedule(running: Platform, patients: Sequence[str]) -> datetime:
    """Sessions whose reminders are all due at the moment that is returned."""
    store = running.store("scheduling")
    call = system_call(TENANT, service="scheduling", action="bench.commit")
    due = store.now() + AHEAD
    groups = [new_id() for _ in range(PATIENTS // SEATS)]

    def tell(tx: Tx) -> list[str]:
        told: list[str] = []
        for number in range(SESSIONS):
            event = SessionScheduled(
                session_id=new_id(),
                group_id=groups[number % len(groups)],
                facilitator_id=new_id(),
                counted_minutes=180,
            )
            seats = range(number * SEATS, (number + 1) * SEATS)
            event.patient_ids.extend(patients[seat % PATIENTS] for seat in seats)
            event.start_time.FromDatetime(due + OFFSET)
            event.end_time.FromDatetime(due + OFFSET + timedelta(hours=3))
            told.append(tx.emit(event, aggregate_id=event.session_id, aggregate_version=1))
        return told

    told = store.transact(call, tell)
    # Nobody is busy with the sessions any more when the reminders are due.
    for consumer in CONSUMERS:
        eventually(partial(_has_all, running, consumer, told), within=60, every=0.5)
    aliases = running.rows("intake", OUTBOX).distinct("_id", {"type": ALIAS})
    eventually(partial(_has_all, running, "sessions", aliases), within=60, every=0.5)
    assert store.now() < due, "the reminders were due before all of them were known"
    return due


def _has_all(running: Platform, consumer: str, event_ids: Sequence[str]) -> bool:
    taken: int = running.rows(consumer, INBOX).count_documents({"event_id": {"$in": event_ids}})
    return taken == len(event_ids)


def _commands(running: Platform) -> int:
    counters = running.client.admin.command("serverStatus")["opcounters"]
    return sum(counters[each] for each in COUNTERS)
