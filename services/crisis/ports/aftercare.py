"""What the use cases around a case need from outside: what follows it, plans, places, the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.call import Call
from chassis.store import Page, Reader, Tx
from services.crisis.domain.aftercare_commands import FollowDischarge, ListFollowUps, ReadText
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    EndAbsence,
    EndHold,
    KeepScreening,
    ListPage,
    TakeAbsence,
    TakeHold,
)
from services.crisis.domain.follow_up import FollowUp, Kind
from services.crisis.domain.held_room import HeldRoom
from services.crisis.domain.jurisdiction import Area, WarnEntry
from services.crisis.domain.person_request import PersonRequest, Traffic
from services.crisis.domain.safety_plan import SafetyPlan, Version
from services.crisis.domain.signal import Signal

# Opens a case for a signal, or joins the open one; once per fact.
Alarm = Callable[[Call, Signal], Case]


class FollowUpBook(Protocol):
    """The tenant's follow-ups."""

    def load(self, reader: Reader, follow_up_id: str) -> FollowUp:
        """The follow-up; NotFound where the tenant has none."""
        ...

    def open_of(self, reader: Reader, patient_id: str, kind: Kind) -> list[FollowUp]:
        """The patient's follow-ups of a kind that no human has closed."""
        ...

    def page(self, reader: Reader, asked: ListFollowUps) -> Page[FollowUp]:
        """A part of a list, the earliest due first."""
        ...

    def overdue(self, reader: Reader) -> list[Kind]:
        """The kinds of the tenant's missed follow-ups, one for each."""
        ...

    def oldest_open(self, reader: Reader, kind: Kind) -> datetime | None:
        """Since when the tenant's oldest one of a kind waits for a human to close it."""
        ...

    def plan(self, tx: Tx, follow_ups: Sequence[FollowUp]) -> None:
        """Keep new ones; one that exists for its origin, kind and number stays as it is."""
        ...

    def save(self, tx: Tx, follow_up: FollowUp) -> FollowUp:
        """Keep what happened to one."""
        ...


class Aftercare(Protocol):
    """Makes follow-ups in the transaction that makes them necessary."""

    def after_case(self, tx: Tx, case: Case) -> None:
        """A case was resolved."""
        ...

    def after_discharge(self, tx: Tx, discharge: FollowDischarge) -> None:
        """A patient's program is over."""
        ...

    def after_screening(self, tx: Tx, screening: KeepScreening) -> None:
        """A screening ended; one that worries must be clarified."""
        ...

    def after_text(self, tx: Tx, read: ReadText) -> None:
        """A text came that no rule understood; a human must read it."""
        ...

    def after_absence(self, tx: Tx, absence: TakeAbsence, *, is_calm: bool) -> None:
        """A patient did not come to a session: somebody calls, the sooner the less is known."""
        ...

    def after_hold(self, tx: Tx, hold: TakeHold) -> None:
        """A patient came and could not be served in the group: somebody is in touch with them."""
        ...

    def end_hold(self, tx: Tx, hold: EndHold) -> None:
        """They are in the group after all."""
        ...

    def after_attempt(self, tx: Tx, tried: FollowUp) -> None:
        """A call after an absence reached nobody."""
        ...

    def end_absence(self, tx: Tx, came: EndAbsence) -> None:
        """The patient came after all: nobody needs to call, unless they missed more since."""
        ...

    def after_plan(self, tx: Tx, plan: SafetyPlan, *, was_revised: bool) -> None:
        """A safety plan was written or gone through: the open reviews were this."""
        ...


class SafetyPlanBook(Protocol):
    """Patients' safety plans, one each, and every version of them."""

    def of(self, reader: Reader, patient_id: str) -> SafetyPlan | None:
        """The patient's plan."""
        ...

    def version(self, reader: Reader, patient_id: str, number: int) -> Version | None:
        """One version of it."""
        ...

    def page_versions(self, reader: Reader, asked: ListPage) -> Page[Version]:
        """All versions of a patient's plan, newest first."""
        ...

    def keep(self, tx: Tx, plan: SafetyPlan, version: Version | None = None) -> SafetyPlan:
        """Keep a new or changed plan, with the version that was just written."""
        ...


class Atlas(Protocol):
    """What a tenant itself knows of jurisdictions, and in which its patients have been."""

    def areas(self, reader: Reader, state: str) -> list[Area]:
        """Every area of a state, without the table's."""
        ...

    def area(self, reader: Reader, state: str, area: str) -> Area | None:
        """One area."""
        ...

    def keep_area(self, tx: Tx, area: Area) -> Area:
        """Keep a new or changed area."""
        ...

    def duty(self, reader: Reader, state: str) -> WarnEntry | None:
        """The tenant's own finding about a state."""
        ...

    def keep_duty(self, tx: Tx, entry: WarnEntry) -> WarnEntry:
        """Keep a new or changed finding."""
        ...

    def note_state(self, tx: Tx, state: str) -> None:
        """Remember that a patient of the tenant was in this state."""
        ...

    def states(self, reader: Reader) -> list[str]:
        """Where patients of the tenant have been."""
        ...


class HeldRoomBook(Protocol):
    """Rooms without anybody who may treat, of which others were told."""

    def insert(self, tx: Tx, room: HeldRoom) -> HeldRoom:
        """Keep it and publish who is told."""
        ...


class PersonQueueBook(Protocol):
    """Patients who ask for a person, in the order in which they asked."""

    def load(self, reader: Reader, id: str) -> PersonRequest:
        """The request; NotFound where the tenant has none."""
        ...

    def latest_of(self, reader: Reader, patient_id: str) -> PersonRequest | None:
        """What the patient asked for last."""
        ...

    def first(self, reader: Reader) -> PersonRequest | None:
        """Whoever has waited longest."""
        ...

    def traffic(self, reader: Reader, request: PersonRequest, *, talks: int) -> Traffic:
        """The queue as seen from a request, with so many of the last talks."""
        ...

    def page(self, reader: Reader, asked: ListPage) -> Page[PersonRequest]:
        """Everyone who waits, the longest first."""
        ...

    def insert(self, tx: Tx, request: PersonRequest) -> PersonRequest:
        """Keep a new one; AlreadyExists where the patient waits already."""
        ...

    def save(self, tx: Tx, request: PersonRequest) -> PersonRequest:
        """Keep what happened to one."""
        ...


class Seal(Protocol):
    """Makes a tenant's ciphertext of a text."""

    def __call__(self, tenant_id: str, text: str) -> bytes: ...
