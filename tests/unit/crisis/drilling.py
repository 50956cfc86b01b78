"""A house in which drills are run, with what others do for one in the test's hand."""

from __future__ import annotations

from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2
from prometheus_client import REGISTRY

from chassis.ids import new_id
from services.crisis.bootstrap import bootstrap_audit
from services.crisis.handlers.drills import Drills
from tests.unit.crisis.house import TENANT, House

PERIOD, LATE = 120, 40


def a_house() -> House:
    """A drill tenant: its supervisor is the drill's responder, and it needs no ladder."""
    return House(
        is_drill=True,
        drill_period_seconds=PERIOD,
        drill_late_seconds=LATE,
        supervisor_id="drill-responder",
    )


def runner_of(house: House) -> Drills:
    """A runner as a process makes one, which remembers nothing of the one before."""
    made = bootstrap_audit(house.crisis, store=house.store, policy_of=lambda _: house.numbers)
    return made.drills


def raise_signal(house: House) -> None:
    """Sessions heard of the newest drill and raised its signal, which came by both ways."""
    drill_id = house.store.emitted(crisis_pb2.DrillStarted)[-1].drill_id
    for _ in range(2):
        house.hear(sessions_pb2.SafetySignalRaised(safety_signal_id=drill_id, patient_id=drill_id))


def begin(house: House) -> Drills:
    """A drill whose signal has come, and whoever runs it."""
    runner = runner_of(house)
    runner.advance(TENANT)
    raise_signal(house)
    return runner


def hand_over(house: House) -> None:
    """Notify gave the newest page to a provider and said so."""
    page = house.pages[-1]
    house.hear(
        notify_pb2.MessageDelivered(
            message_id=new_id(), page_id=page.page_id, recipient_id=page.recipient_id
        )
    )


def drills(house: House) -> list[str]:
    found = sorted(house.store.documents("drills"), key=lambda each: each["start_time"])
    return [each["state"] for each in found]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
