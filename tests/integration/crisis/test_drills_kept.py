"""A drill, its case and its messages go after their time, in both services; a patient's stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.integration.crisis.auditing import watchman
from tests.integration.crisis.ward import TENANT, Ward
from tests.waiting import eventually


def stored(ward: Ward, case_id: str) -> list[Any]:
    """Whatever either service keeps of a case."""
    crisis, notify = (ward.client[ward.databases[each]] for each in ("crisis", "notify"))
    messages = ward.messages(case_id=case_id)
    links = notify.page_links.find({"message_id": {"$in": [each["_id"] for each in messages]}})
    return [
        *crisis.drills.find({"case_id": case_id}),
        *crisis.cases.find({"_id": case_id}),
        *crisis.case_acts.find({"case_id": case_id}),
        *notify.cases.find({"_id": case_id}),
        *messages,
        *links,
    ]


def ids(ward: Ward, case_id: str) -> set[str]:
    """Of whatever either service keeps of a case."""
    return {str(each["_id"]) for each in stored(ward, case_id)}


def test_nothing_but_drills_is_removed_and_of_them_everything(ward: Ward) -> None:
    ward.signal("p-1")
    real = str(ward.case_of("p-1")["_id"])
    eventually(lambda: ward.messages(case_id=real, state="delivered"), within=10)
    ward.acknowledge(real)
    ward.contact(real)
    ward.resolve(real)
    before = ids(ward, real)
    numbers = {"drill_period_seconds": 2, "drill_late_seconds": 1.9, "page_lifetime_seconds": 1}
    ward.numbers = replace(ward.numbers, is_drill=True)  # whatever is opened from now on
    runner = watchman(ward, is_drill=True, drill_kept_seconds=3, **numbers).audit.drills

    def advance() -> None:
        """Sessions, which is not here, raises the signal of a drill that has begun."""
        runner.advance(TENANT)
        begun = ward.client[ward.databases["crisis"]].drills.find_one(
            {"is_running": True, "case_id": ""}
        )
        if begun:
            ward.signal(begun["_id"], signal_id=begun["_id"])

    def ended() -> set[str]:
        advance()
        found = ward.client[ward.databases["crisis"]].drills.find({"is_running": False})
        return {each["case_id"] for each in found if ward.messages(case_id=each["case_id"])}

    seen = eventually(ended, within=60)

    def is_one_gone() -> bool:
        """Not a certain one: on a busy machine the last that passed is kept for long."""
        seen.update(ended())
        return any(not stored(ward, each) for each in seen)

    eventually(is_one_gone, within=60)
    assert before <= ids(ward, real)
