"""The auditor's rounds: whose they are, what they show, and what must not end them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.errors import Aborted, Unavailable
from services.crisis.domain.findings import About, Finding, FindingKind, ParkedEvent, Repair
from services.crisis.handlers.auditing import Examined
from services.crisis.rounds import LOOK_SECONDS, AuditRounds, DeadLetterRounds, DrillRounds, Pace
from tests.unit.crisis.builders import NOON, after

AGE = timedelta(minutes=1)
PERIOD = 15.0


class Watch:
    """A monotonic clock in the test's hand."""

    def __init__(self) -> None:
        self.seconds, self.step = 1_000.0, 0.0

    def __call__(self) -> float:
        self.seconds += self.step
        return self.seconds


class Claim:
    """A lease that the test gives and takes."""

    def __init__(self) -> None:
        self.is_mine, self.is_away, self.released = True, False, False
        self.asked = 0

    def acquire(self) -> bool:
        self.asked += 1
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "away")
        return self.is_mine

    def release(self) -> None:
        self.released = True


class Findings:
    """An examination whose outcome the test decides."""

    def __init__(self) -> None:
        self.by_tenant: dict[str, list[Finding]] = {"river": [], "harbor": []}
        self.waiting_since: datetime | None = None
        self.fails: dict[str, Exception] = {}
        self.repair_fails: Exception | None = None
        self.examined: list[str] = []
        self.repaired: list[tuple[str, Finding]] = []

    def examine(self, tenant_id: str) -> Examined:
        self.examined.append(tenant_id)
        if tenant_id in self.fails:
            raise self.fails[tenant_id]
        return Examined(self.by_tenant[tenant_id], self.waiting_since)

    def waiting_events(self) -> list[Finding]:
        return []

    def dead_letter(self, parked: ParkedEvent) -> Finding | None:
        if parked.event_id == "settled":
            return None
        return Finding(FindingKind.DEAD_LETTER, parked.event_id, AGE, Repair.OPEN)

    def repair(self, tenant_id: str, finding: Finding) -> bool:
        self.repaired.append((tenant_id, finding))
        if self.repair_fails:
            raise self.repair_fails
        return True


class Stand:
    """Rounds and everything around them."""

    def __init__(self) -> None:
        self.watch, self.claim, self.auditing = Watch(), Claim(), Findings()
        self.queues = Queues()
        pace = Pace(PERIOD, lambda: NOON, self.watch)
        self.rounds = AuditRounds(self.auditing, ("river", "harbor"), lease=self.claim, pace=pace)
        self.dead_letters = DeadLetterRounds(
            self.auditing, self.queues, {"river"}, lease=self.claim, pace=pace
        )


class Queues:
    """Dead queues."""

    def __init__(self) -> None:
        self.letters: list[ParkedEvent] = []
        self.is_away, self.looks = False, 0

    def parked(self) -> list[ParkedEvent]:
        self.looks += 1
        if self.is_away:
            raise Unavailable("BROKER_UNAVAILABLE", "away")
        return self.letters


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    yield made
    made.rounds.close()
    made.dead_letters.close()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def shown(kind: FindingKind) -> float:
    return value("haven_crisis_audit_findings", kind=kind.value)


def a_finding(
    subject_id: str = "case-1",
    *,
    age: timedelta = AGE,
    kind: FindingKind = FindingKind.DEADLINE_OVERDUE,
    repair: Repair = Repair.CLIMB,
) -> Finding:
    return Finding(kind, subject_id, age, repair)


def a_letter(event_id: str, tenant_id: str = "river") -> ParkedEvent:
    return ParkedEvent(event_id, tenant_id, About.SIGNAL, "", "queue", "crisis", None)


def test_a_round_shows_what_it_found_and_mends_it(stand: Stand) -> None:
    stand.auditing.by_tenant["harbor"] = [a_finding(), a_finding("case-2")]
    stand.auditing.waiting_since = after(minutes=-3)

    stand.rounds.turn()

    assert shown(FindingKind.DEADLINE_OVERDUE) == 2
    assert {each.subject_id for _, each in stand.auditing.repaired} == {"case-1", "case-2"}
    assert value("haven_crisis_audit_last_round_timestamp_seconds") == NOON.timestamp()
    waiting = value("haven_crisis_oldest_unacknowledged_timestamp_seconds")
    assert waiting == after(minutes=-3).timestamp()


def test_what_is_well_again_is_no_longer_shown(stand: Stand) -> None:
    stand.auditing.by_tenant["river"] = [a_finding()]
    stand.rounds.turn()
    stand.auditing.by_tenant["river"] = []
    stand.watch.seconds += PERIOD

    stand.rounds.turn()

    assert shown(FindingKind.DEADLINE_OVERDUE) == 0


def test_a_thing_with_two_findings_is_mended_once_and_the_oldest_thing_first(stand: Stand) -> None:
    stand.auditing.by_tenant["river"] = [
        a_finding("young", age=timedelta(seconds=1)),
        a_finding("old", age=timedelta(hours=1)),
        a_finding("old", age=timedelta(hours=2), kind=FindingKind.PAGE_NOT_HANDED_OVER),
        a_finding("told", repair=Repair.NONE),
    ]

    stand.rounds.turn()

    assert sorted(each.subject_id for _, each in stand.auditing.repaired) == ["old", "young"]


def test_a_case_gets_its_deadline_back_before_anything_else_is_done_to_it(stand: Stand) -> None:
    stand.auditing.by_tenant["river"] = [
        a_finding(kind=FindingKind.DEADLINE_MISSING, repair=Repair.RESTORE),
        a_finding(kind=FindingKind.PAGE_NOT_HANDED_OVER),
    ]

    stand.rounds.turn()

    assert [each.repair for _, each in stand.auditing.repaired] == [Repair.RESTORE]


def test_a_long_round_keeps_its_lease_and_a_short_one_asks_once(stand: Stand) -> None:
    stand.auditing.by_tenant["river"] = [a_finding(f"case-{number}") for number in range(5)]
    stand.rounds.turn()
    assert stand.claim.asked == 1

    stand.watch.step = LOOK_SECONDS
    stand.watch.seconds += PERIOD
    stand.rounds.turn()

    assert stand.claim.asked > 2


def test_between_rounds_only_the_lease_is_kept(stand: Stand) -> None:
    assert stand.rounds.turn() == LOOK_SECONDS
    before = len(stand.auditing.examined)
    stand.watch.seconds += PERIOD - 1

    assert stand.rounds.turn() == pytest.approx(1)
    assert len(stand.auditing.examined) == before


def test_who_stands_by_shows_nothing_and_is_alive(stand: Stand) -> None:
    stand.auditing.by_tenant["river"] = [a_finding()]
    stand.rounds.turn()
    stand.claim.is_mine = False
    stand.watch.seconds += 60

    stand.rounds.turn()

    assert shown(FindingKind.DEADLINE_OVERDUE) == 0
    assert value("haven_crisis_audit_last_round_timestamp_seconds") == 0
    assert stand.rounds.finished == stand.watch.seconds


@pytest.mark.parametrize("away", ["lease", "examination"])
def test_while_the_database_is_away_no_round_counts_as_finished(stand: Stand, away: str) -> None:
    if away == "lease":
        stand.claim.is_away = True
    else:
        stand.auditing.fails["river"] = Unavailable("STORE_UNAVAILABLE", "away")
    before = stand.rounds.finished
    stand.watch.seconds += 60

    with pytest.raises(Unavailable):
        stand.rounds.turn()

    assert stand.rounds.finished == before


def test_a_tenant_that_cannot_be_read_hides_no_other(stand: Stand) -> None:
    stand.auditing.fails["harbor"] = KeyError("rungs")
    stand.auditing.by_tenant["river"] = [a_finding()]

    stand.rounds.turn()

    assert shown(FindingKind.UNREADABLE) == 1
    assert [tenant_id for tenant_id, _ in stand.auditing.repaired] == ["river"]


@pytest.mark.parametrize("error", [Aborted("STALE_VERSION", "moved"), KeyError("rungs")])
def test_a_repair_that_fails_is_counted_and_ends_nothing(stand: Stand, error: Exception) -> None:
    stand.auditing.by_tenant["river"] = [a_finding()]
    stand.auditing.repair_fails = error
    labels = {"kind": "deadline_overdue"}
    before = value("haven_crisis_audit_repairs_failed_total", **labels)

    stand.rounds.turn()

    assert value("haven_crisis_audit_repairs_failed_total", **labels) == before + 1
    assert stand.rounds.finished == stand.watch.seconds


def test_a_lost_signal_is_shown_and_given_its_case(stand: Stand) -> None:
    stand.queues.letters = [a_letter("e-1"), a_letter("settled")]

    stand.dead_letters.turn()

    assert shown(FindingKind.DEAD_LETTER) == 1
    assert [(tenant, each.subject_id) for tenant, each in stand.auditing.repaired] == [
        ("river", "e-1")
    ]


def test_a_lost_signal_of_nobodys_tenant_is_shown_for_people_to_look_at(stand: Stand) -> None:
    stand.queues.letters = [a_letter("e-1", tenant_id="elsewhere"), a_letter("e-2", tenant_id="")]

    stand.dead_letters.turn()

    assert shown(FindingKind.DEAD_LETTER) == 2
    assert stand.auditing.repaired == []


def test_a_broker_that_is_away_is_asked_once_a_period_and_stops_no_audit(stand: Stand) -> None:
    stand.queues.is_away = True
    with pytest.raises(Unavailable):
        stand.dead_letters.turn()
    stand.dead_letters.turn()
    assert stand.queues.looks == 1

    stand.rounds.turn()
    assert stand.rounds.finished == stand.watch.seconds

    stand.watch.seconds += PERIOD
    stand.queues.is_away = False
    stand.dead_letters.turn()
    assert value("haven_crisis_audit_last_dead_letter_look_timestamp_seconds") == NOON.timestamp()


class Steps:
    """Drills that say how long to wait."""

    def __init__(self, advance: Callable[[str], float]) -> None:
        self.advance = advance


def test_drills_are_looked_at_as_soon_as_one_of_them_needs_it() -> None:
    waits = {"a": 2.0, "b": 0.5}
    rounds = DrillRounds(Steps(waits.__getitem__), {"a": 60.0, "b": 300.0}, lease=Claim())

    assert rounds.turn() == 0.5
    assert value("haven_crisis_drill_period_seconds") == 300
    rounds.close()


def test_a_drill_that_breaks_in_an_unknown_way_does_not_end_the_auditor() -> None:
    def broken(_: str) -> Any:
        raise KeyError("case_id")

    claim = Claim()
    rounds = DrillRounds(Steps(broken), {"a": 60.0}, lease=claim)

    assert rounds.turn() == LOOK_SECONDS
    rounds.close()
    assert claim.released


def test_without_its_lease_no_drill_is_touched() -> None:
    claim = Claim()
    claim.is_mine = False
    touched: list[str] = []

    def touch(tenant_id: str) -> float:
        touched.append(tenant_id)
        return 0.0

    rounds = DrillRounds(Steps(touch), {"a": 60.0}, lease=claim)

    rounds.turn()
    rounds.close()

    assert touched == []
