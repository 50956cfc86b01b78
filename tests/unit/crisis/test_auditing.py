"""One look at stored state by the auditor, and what it mends."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import NotFound
from services.crisis.bootstrap import Audit, bootstrap_audit
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.findings import About, Finding, FindingKind, ParkedEvent, Repair
from services.crisis.domain.signal import Severity
from services.crisis.handlers.auditing import repairs
from tests.unit.crisis.builders import after, person, rotation_target, rung
from tests.unit.crisis.house import TENANT, House

SIGNALS = "crisis.on-safety-signal-raised.crisis"


def audit_of(house: House) -> Audit:
    return bootstrap_audit(house.crisis, store=house.store, policy_of=lambda _: house.numbers)


def found(house: House) -> list[Finding]:
    return list(audit_of(house).auditing.examine(TENANT).findings)


def kinds(house: House) -> list[FindingKind]:
    return [each.kind for each in found(house)]


def mended(house: House) -> list[bool]:
    """Everything that is found, repaired."""
    return [audit_of(house).auditing.repair(TENANT, each) for each in found(house)]


def row_of(house: House, case_id: str) -> dict[str, Any]:
    """The case as it lies there, for a hand to spoil."""
    row: dict[str, Any] = house.store.engine.tables["cases"][case_id]
    return row


def acts(house: House, kind: str) -> list[dict[str, Any]]:
    return [each for each in house.store.documents("case_acts") if each["kind"] == kind]


def counted(kind: FindingKind) -> float:
    return repairs.labels(kind)._value.get()


def a_parked(**changes: Any) -> ParkedEvent:
    values: dict[str, Any] = {
        "event_id": "3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c11",
        "tenant_id": TENANT,
        "about": About.SIGNAL,
        "aggregate_id": "somebody",
        "queue": SIGNALS,
        "consumer": "crisis",
        "time": None,
    }
    return ParkedEvent(**{**values, **changes})


def test_a_house_in_order_has_nothing_to_find() -> None:
    house = House().staffed()
    house.signal()

    assert found(house) == []


@pytest.mark.parametrize("spoil", [lambda row: row.pop("next_deadline_time"),
                                   lambda row: row.update(next_deadline_time=None),
                                   lambda row: row.update(next_deadline_time="soon")],
                         ids=["taken away", "null", "a text"])  # fmt: skip
def test_a_deadline_that_a_hand_took_away_is_restored_and_the_case_climbs(spoil: Any) -> None:
    house = House().staffed()
    house.signal()
    case_id = house.only_case()
    spoil(row_of(house, case_id))
    before = counted(FindingKind.DEADLINE_MISSING)

    assert mended(house) == [True]
    house.time_passes()

    assert house.woken == ["dr-one", "dr-two"]
    assert [each["detail"] for each in acts(house, "repaired")] == ["deadline_missing"]
    assert counted(FindingKind.DEADLINE_MISSING) == before + 1
    assert found(house) == []


def test_a_repair_made_twice_is_made_once() -> None:
    house = House().staffed()
    house.signal()
    row_of(house, house.only_case())["next_deadline_time"] = None
    (finding,) = found(house)
    auditing = audit_of(house).auditing

    assert [auditing.repair(TENANT, finding) for _ in range(3)] == [True, False, False]
    assert len(acts(house, "repaired")) == 1


def test_a_case_that_was_resolved_meanwhile_is_left_alone() -> None:
    house = House().staffed()
    house.signal()
    case_id = house.only_case()
    row_of(house, case_id)["next_deadline_time"] = None
    (finding,) = found(house)
    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    assert not audit_of(house).auditing.repair(TENANT, finding)
    assert acts(house, "repaired") == []


def test_a_timer_that_nobody_fires_is_fired_once() -> None:
    house = House(page_late_seconds=60).staffed()
    house.signal()
    house.clock.advance(rung().wait * 1.5)
    (finding,) = found(house)
    auditing = audit_of(house).auditing

    assert finding.kind is FindingKind.DEADLINE_OVERDUE
    assert [auditing.repair(TENANT, finding) for _ in range(2)] == [True, False]
    assert house.woken == ["dr-one", "dr-two"]


def test_an_owner_who_is_gone_loses_the_case() -> None:
    house = House().staffed()
    house.signal()
    house.acknowledge(house.only_case())
    house.clock.advance(rung().wait * 11)

    assert kinds(house) == [FindingKind.OWNER_NOT_LIVE]
    assert mended(house) == [True]
    assert house.woken == ["dr-one", "dr-two"]


def test_a_page_that_notify_never_answers_wakes_the_next_people() -> None:
    house = House(page_late_seconds=15).staffed()
    house.signal()
    house.clock.advance(rung().wait / 2 + rung().wait / 100)
    (finding,) = found(house)
    auditing = audit_of(house).auditing

    assert finding.kind is FindingKind.PAGE_NOT_HANDED_OVER
    assert [auditing.repair(TENANT, finding) for _ in range(2)] == [True, False]
    assert house.woken == ["dr-one", "dr-two"]


def test_the_old_shifts_page_is_not_missed_after_the_hand_off() -> None:
    house = House(page_late_seconds=15)
    house.reaches("dr-one", "dr-two", "supervisor-pool")
    turns = {"start": after(days=-1, seconds=10), "shift_days": 1}
    house.put_rotation("on-call", "dr-one", "dr-two", **turns)
    house.put_policy(Severity.HIGH, (rung(rotation_target("on-call")), rung(SUPERVISOR_POOL)))
    house.do_what_is_due()
    house.signal()
    house.time_passes(seconds=10)
    assert house.woken == ["dr-one", "dr-two"]
    house.page_delivered(house.pages[1])
    house.clock.advance(rung().wait / 2 + rung().wait / 100)

    assert found(house) == []


def test_a_case_that_an_earlier_release_froze_without_supervisors_wakes_them() -> None:
    house = House(page_late_seconds=15)
    house.reaches("dr-one", "supervisor-pool")
    house.put_policy(Severity.HIGH, (rung(person("dr-one")),))
    house.do_what_is_due()
    house.signal()
    policy = row_of(house, house.only_case())["policy"]
    policy["rungs"] = policy["rungs"][:1]
    house.clock.advance(rung().wait / 2 + rung().wait / 100)

    assert mended(house) == [True]
    assert house.woken == ["dr-one", "dr-one", "supervisor-pool"]
    house.time_passes(seconds=30)
    assert house.woken[3:] == ["dr-one", "supervisor-pool"]


def test_a_case_that_moved_on_is_not_climbed_for_its_old_pages() -> None:
    house = House(page_late_seconds=15).staffed()
    house.signal()
    house.clock.advance(rung().wait / 2 + rung().wait / 100)
    (finding,) = found(house)
    house.page_failed(house.pages[0])  # the answer comes after all: the case climbs by it
    assert house.woken == ["dr-one", "dr-two"]

    assert not audit_of(house).auditing.repair(TENANT, finding)
    assert house.woken == ["dr-one", "dr-two"]


def test_a_tenant_with_nobody_behind_it_is_found() -> None:
    assert kinds(House()) == [FindingKind.TENANT_WITHOUT_COVER]


def test_a_hole_in_a_rotation_is_found_while_it_is_there() -> None:
    house = House().staffed()
    house.put_policy(Severity.HIGH, (rung(rotation_target("nights")),))

    assert kinds(house) == [FindingKind.ROTATION_HOLE]
    house.put_rotation("nights", "dr-two")
    assert found(house) == []


def test_a_hole_that_an_opt_out_makes_is_found_while_it_is_there() -> None:
    house = House().staffed()
    house.opt_out("dr-one", after(hours=-1), after(hours=1))

    assert kinds(house) == [FindingKind.ROTATION_HOLE]
    house.time_passes(hours=1)
    assert found(house) == []


def test_supervisors_whom_the_last_page_did_not_reach_are_no_cover_until_one_does() -> None:
    house = House()
    house.reaches("supervisor-pool")
    house.put_policy(Severity.HIGH, (rung(SUPERVISOR_POOL),))
    assert found(house) == []

    house.signal()
    house.page_failed(house.pages[0])
    assert kinds(house) == [FindingKind.TENANT_WITHOUT_COVER]

    house.time_passes(seconds=30)
    house.page_delivered(house.pages[1])
    assert found(house) == []

    house.time_passes(seconds=30)
    house.page_failed(house.pages[2])
    assert kinds(house) == [FindingKind.TENANT_WITHOUT_COVER]


def test_a_drill_tenant_needs_no_cover_but_its_drills() -> None:
    assert found(House(is_drill=True)) == []


def test_the_longest_wait_is_told_until_somebody_has_the_case() -> None:
    house = House().staffed()
    auditing = audit_of(house).auditing
    assert auditing.examine(TENANT).waiting_since is None
    house.signal()
    assert auditing.examine(TENANT).waiting_since == house.clock.now()
    house.acknowledge(house.only_case())
    assert auditing.examine(TENANT).waiting_since is None


def test_events_that_are_published_and_taken_late_are_told() -> None:
    house = House().staffed()
    house.signal()
    auditing = audit_of(house).auditing
    assert auditing.waiting_events() == []
    house.clock.advance(rung().wait)

    (finding,) = auditing.waiting_events()  # one page, unpublished and without its receipt

    assert (finding.kind, finding.repair) == (FindingKind.EVENT_WAITING, Repair.NONE)


def test_looking_reads_nobodys_chart() -> None:
    house = House().staffed()
    house.signal()
    before = len(house.store.documents("audit_entries"))

    found(house)
    audit_of(house).auditing.dead_letter(a_parked())

    assert len(house.store.documents("audit_entries")) == before


def test_a_lost_signal_opens_one_case_for_the_supervisors_from_its_envelope_alone() -> None:
    house = House().staffed()
    auditing = audit_of(house).auditing
    finding = auditing.dead_letter(a_parked())
    assert finding is not None

    assert [auditing.repair(TENANT, finding) for _ in range(2)] == [True, False]

    (case,) = house.cases
    assert (case["patient_id"], case["source"], case["severity"]) == ("", "dead_letter", "high")
    assert house.woken == ["supervisor-pool"]
    assert case["next_deadline_time"] is not None


def test_two_lost_signals_are_two_people() -> None:
    house = House().staffed()
    auditing = audit_of(house).auditing
    for event_id in (
        "3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c11",
        "3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c12",
    ):
        finding = auditing.dead_letter(a_parked(event_id=event_id))
        assert finding is not None
        assert auditing.repair(TENANT, finding)

    assert len(house.cases) == 2


def test_a_dead_letter_that_has_its_case_stays_found_and_is_left_alone() -> None:
    house = House().staffed()
    auditing = audit_of(house).auditing
    first = auditing.dead_letter(a_parked())
    assert first is not None
    auditing.repair(TENANT, first)

    again = auditing.dead_letter(a_parked())

    assert again is not None
    assert again.repair is Repair.NONE


def test_a_signal_that_came_by_the_other_way_lost_nothing() -> None:
    house = House().staffed()
    house.signal(event_id="e-1")
    queue = house.store.documents("inbox")[-1]["consumer"]

    assert audit_of(house).auditing.dead_letter(a_parked(event_id="e-1", queue=queue)) is None


def test_a_page_that_notify_took_by_the_other_way_lost_nothing() -> None:
    house = House().staffed()
    house.signal()
    (row,) = [row for row in house.store.outbox() if row.awaiting]
    parked = a_parked(
        event_id=row.event_id, about=About.CASE, consumer="notify", aggregate_id=row.aggregate_id
    )
    auditing = audit_of(house).auditing
    finding = auditing.dead_letter(parked)
    assert finding is not None
    assert finding.repair is Repair.NONE, "its case has a deadline of its own"

    house.store.receipt([row.event_id], "notify")

    assert auditing.dead_letter(parked) is None


def test_a_case_of_nobody_known_can_be_taken_and_ended() -> None:
    house = House().staffed()
    auditing = audit_of(house).auditing
    finding = auditing.dead_letter(a_parked())
    assert finding is not None
    auditing.repair(TENANT, finding)
    case_id = house.only_case()

    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    assert found(house) == []


def test_a_finding_about_a_case_that_is_gone_is_refused_and_harms_nobody() -> None:
    house = House().staffed()
    ghost = Finding(FindingKind.DEADLINE_OVERDUE, "ghost", rung().wait, Repair.CLIMB)

    with pytest.raises(NotFound):
        audit_of(house).auditing.repair(TENANT, ghost)


@pytest.mark.parametrize("about", list(About))
def test_a_dead_letter_of_a_drill_is_told_and_opens_no_case(about: About) -> None:
    """A late drill speaks for itself; nobody would ever close what is opened beside it."""
    auditing = audit_of(House(is_drill=True)).auditing

    finding = auditing.dead_letter(a_parked(about=about))

    assert finding is not None
    assert finding.repair is Repair.NONE
