"""What hands and faults take away from stored cases is found and mended in one round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung
from services.crisis.domain.findings import FindingKind
from tests.integration.crisis.auditing import Watchman, together, watchman
from tests.integration.crisis.ward import Ward, rung_of
from tests.waiting import eventually

LONG = timedelta(seconds=600)


def collection(ward: Ward, name: str) -> Any:
    return ward.client[ward.databases["crisis"]][name]


def acts(ward: Ward, kind: str) -> list[dict[str, Any]]:
    return list(collection(ward, "case_acts").find({"kind": kind}))


def patient(ward: Ward) -> Ward:
    """A ward whose rungs wait longer than any test."""
    ward.put_policy(
        rung_of("on-call", LONG), rung_of("back-up", LONG), Rung(LONG, (SUPERVISOR_POOL,))
    )
    return ward


def take_away(ward: Ward, change: dict[str, Any]) -> None:
    """A hand in the database."""
    assert collection(ward, "cases").update_one({}, change).modified_count == 1


no_deadline = pytest.mark.parametrize(
    "change",
    [
        {"$unset": {"next_deadline_time": ""}},
        {"$set": {"next_deadline_time": None}},
        {"$set": {"next_deadline_time": "tomorrow"}},
    ],
    ids=["taken away", "null", "a text"],
)


@no_deadline
def test_a_case_whose_deadline_was_deleted_by_hand_is_still_taken_on_and_has_one_again(
    ward: Ward, change: dict[str, Any]
) -> None:
    patient(ward).stop_relays()
    ward.signal("p-1")
    take_away(ward, change)

    ward.signal("p-1")
    ward.acknowledge(ward.case_of("p-1")["_id"])

    case = ward.case_of("p-1")
    assert case["state"] == "acknowledged"
    assert case["next_deadline_time"] > case["acknowledge_time"]


@no_deadline
def test_a_deadline_deleted_by_hand_is_back_after_one_round_and_the_next_people_are_woken(
    ward: Ward, change: dict[str, Any]
) -> None:
    patient(ward).signal("p-1")
    take_away(ward, change)
    auditor = watchman(ward)

    auditor.rounds.turn()

    (repaired,) = acts(ward, "repaired")
    assert repaired["detail"] == "deadline_missing"
    eventually(lambda: len(acts(ward, "paged")) == 2, within=10)  # the relay's timer climbs it
    eventually(lambda: auditor.found() == [], within=10)
    auditor.close()


def test_where_no_relay_runs_the_auditor_itself_climbs_what_is_overdue(ward: Ward) -> None:
    patient(ward).stop_relays()
    ward.signal("p-1")
    overdue = ward.crisis_store.clock.now() - timedelta(seconds=11)
    take_away(ward, {"$set": {"next_deadline_time": overdue}})
    auditor = watchman(ward)
    assert auditor.found() == [FindingKind.DEADLINE_OVERDUE]

    auditor.rounds.turn()
    auditor.rounds.turn()

    assert [page["recipient_id"] for page in acts(ward, "paged")] == ["dr-one", "dr-two"]
    assert auditor.found() == []
    auditor.close()


def test_an_owner_without_a_name_loses_the_case_to_whoever_is_on_call(ward: Ward) -> None:
    patient(ward).signal("p-1")
    ward.stop_relays()
    ward.acknowledge(ward.case_of("p-1")["_id"])
    take_away(ward, {"$set": {"owner_id": ""}})
    auditor = watchman(ward, deadline_late_seconds=0)
    assert FindingKind.OWNER_NOT_LIVE in auditor.found()

    auditor.rounds.turn()

    def has_lapsed() -> bool:
        auditor.rounds.turn()
        return bool(acts(ward, "acknowledgement_lapsed"))

    eventually(has_lapsed, within=10)

    assert ward.case_of("p-1")["state"] == "open"
    auditor.close()


def test_a_page_that_notify_swallowed_wakes_the_next_people_within_a_round(ward: Ward) -> None:
    patient(ward).stop_relays()  # notify accepts pages, and nobody sends them
    ward.signal("p-1")
    auditor = watchman(ward, page_late_seconds=0.2)
    eventually(lambda: FindingKind.PAGE_NOT_HANDED_OVER in auditor.found(), within=10)

    auditor.rounds.turn()

    assert {page["recipient_id"] for page in acts(ward, "paged")} >= {"dr-one", "dr-two"}
    auditor.close()


def test_two_auditors_at_once_make_one_repair(ward: Ward) -> None:
    patient(ward).signal("p-1")
    ward.stop_relays()
    take_away(ward, {"$unset": {"next_deadline_time": ""}})
    pair = [watchman(ward), watchman(ward)]

    together(*pair)

    assert len(acts(ward, "repaired")) == 1
    for each in pair:
        each.close()


def test_two_auditors_that_both_believe_in_their_lease_make_one_repair_all_the_same(
    ward: Ward,
) -> None:
    patient(ward).signal("p-1")
    ward.stop_relays()
    take_away(ward, {"$unset": {"next_deadline_time": ""}})
    pair = [watchman(ward) for _ in range(4)]
    seen = [each.audit.auditing.examine("river").findings for each in pair]
    assert all(len(findings) == 1 for findings in seen)

    ward.at_once(
        [
            lambda each=each, finding=findings[0]: each.audit.auditing.repair("river", finding)
            for each, findings in zip(pair, seen, strict=True)
        ]
    )

    assert len(acts(ward, "repaired")) == 1
    assert ward.case_of("p-1")["act_count"] == 3
    for each in pair:
        each.close()


def test_an_auditor_that_stands_by_takes_over_from_one_that_went(ward: Ward) -> None:
    patient(ward).signal("p-1")
    ward.stop_relays()
    first, second = watchman(ward), watchman(ward)
    first.rounds.turn()
    second.rounds.turn()
    take_away(ward, {"$unset": {"next_deadline_time": ""}})
    second.rounds.turn()
    assert acts(ward, "repaired") == []

    first.close()
    second.rounds.turn()

    assert len(acts(ward, "repaired")) == 1
    second.close()


def test_a_storm_of_lost_deadlines_is_mended_in_one_round(ward: Ward) -> None:
    patient(ward).stop_relays()
    for number in range(30):
        ward.signal(f"p-{number}")
    collection(ward, "cases").update_many({}, {"$unset": {"next_deadline_time": ""}})
    auditor: Watchman = watchman(ward)

    auditor.rounds.turn()

    assert len(acts(ward, "repaired")) == 30
    assert FindingKind.DEADLINE_MISSING not in auditor.found()
    auditor.close()


def test_a_document_that_no_release_can_read_hides_no_other_case(ward: Ward) -> None:
    patient(ward).stop_relays()
    ward.signal("p-1")
    ward.signal("p-2")
    collection(ward, "cases").update_one(
        {"patient_id": "p-1"}, {"$unset": {"next_deadline_time": "", "severity": "", "policy": ""}}
    )
    overdue = ward.crisis_store.clock.now() - timedelta(seconds=11)
    collection(ward, "cases").update_one(
        {"patient_id": "p-2"}, {"$set": {"next_deadline_time": overdue}}
    )
    auditor = watchman(ward)

    auditor.rounds.turn()

    assert len(acts(ward, "repaired")) == 1, "the broken one has a deadline again"
    assert len(acts(ward, "escalated")) == 1
    auditor.close()
