"""Many callers at once, and what must be true after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chassis.errors import HavenError, is_retryable
from chassis.store import CROSS_TENANT, AlreadyAnswered, Document, Store
from tests.unit.scheduling.world import World

THREADS = 40
TRIES = 50
Act = Callable[[], Any]


def outcome_of(act: Act) -> str:
    """The reason of a refusal, or "done"."""
    try:
        act()
    except AlreadyAnswered:
        return "done"
    except HavenError as error:
        return error.reason
    return "done"


def all_at_once(acts: Iterable[Act]) -> Counter[str]:
    """How often each outcome came."""
    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(outcome_of, acts))


def patients_of(world: World, number: int) -> list[str]:
    """Admitted patients with plans, made side by side."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: world.patient(), range(number)))


def until_decided(act: Act) -> Act:
    """The same, tried again as a client does where the answer says that it may be."""

    def persistent() -> None:
        for _ in range(TRIES):
            try:
                act()
            except HavenError as error:
                if not is_retryable(error):
                    raise
            else:
                return
        raise AssertionError(f"not decided after {TRIES} tries")

    return persistent


def documents(store: Store, collection: str) -> list[Document]:
    """Everything in a collection."""
    return list(store.database[collection].find({}, comment=f"{CROSS_TENANT}test"))


def assert_nobody_is_half_enrolled(store: Store, *, capacity: int, sessions: int) -> set[str]:
    """Enrollments and rosters say the same; the enrolled patients."""
    enrollments = [each for each in documents(store, "enrollments") if each["is_open"]]
    rosters = [each["roster"] for each in documents(store, "sessions")]
    enrolled = {each["patient_id"] for each in enrollments}
    assert len(enrolled) == len(enrollments), "a patient is enrolled once"
    assert all(len(each["session_ids"]) == sessions for each in enrollments)
    assert all(set(roster) == enrolled and len(roster) <= capacity for roster in rosters)
    return enrolled


def assert_every_lack_is_flagged(world: World) -> None:
    """Whoever sits where nobody may treat has an open conflict, and nobody else has one."""
    store = world.store
    states = {each["_id"]: each["attending_state"] for each in documents(store, "patients")}
    licenses = {each["_id"]: each["licenses"] for each in documents(store, "clinicians")}
    lacking = set()
    for session in documents(store, "sessions"):
        held = {
            each["state"]
            for each in licenses[session["facilitator_id"]]
            if each["revoke_time"] is None
        }
        assert set(session["facilitator_states"]) == held, "states told to the rooms are true"
        for seat in session["seats"]:
            if states[seat["patient_id"]] not in held:
                lacking.add((seat["patient_id"], session["_id"]))
    flagged = {
        (each["patient_id"], session_id)
        for each in documents(store, "license_conflicts")
        if each["is_open"]
        for session_id in each["session_ids"]
    }
    assert lacking == flagged
    reviewed = {
        each["patient_id"]
        for each in documents(store, "enrollments")
        if each["state"] == "needs_review"
    }
    assert reviewed == {patient_id for patient_id, _ in lacking}
