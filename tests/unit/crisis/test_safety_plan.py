"""A safety plan: versions that never change, texts that rest as ciphertext, reviews in time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from haven.crisis.v1 import safety_plans_pb2

from chassis.call import Role
from chassis.errors import Aborted, InvalidArgument, NotFound
from services.crisis.codec import aftercare_answers as answers
from services.crisis.domain.aftercare_commands import (
    GetSafetyPlan,
    PlainItem,
    PlainSection,
    ReviewSafetyPlan,
    ReviseSafetyPlan,
)
from services.crisis.domain.commands import ListPage
from services.crisis.domain.follow_up import Kind, Outcome, Owner, State
from services.crisis.domain.safety_plan import SectionKind, Standing
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import KEY_AWAY, TENANT, House

WALK, SISTER = "a walk by the river", "my sister"


def section(kind: SectionKind, *texts: str, phone: str = "") -> PlainSection:
    """One part of a plan."""
    return PlainSection(kind, tuple(PlainItem(text, phone) for text in texts))


SECTIONS = (
    section(SectionKind.PEOPLE_TO_ASK, SISTER, phone="+12025550101"),
    section(SectionKind.OWN_COPING, WALK, "music"),
)


def revise(
    house: House,
    *sections: PlainSection,
    patient_id: str = "p-1",
    review_time: datetime | None = None,
    etag: str = "",
    **call: Any,
) -> Standing:
    """Dr. One writes the next version."""
    command = ReviseSafetyPlan(patient_id, sections or SECTIONS, review_time, etag)
    return house.crisis.care.safety_plans.revise(house.call("dr-one", **call), command)


def confirm(house: House, review_time: datetime | None = None, etag: str = "") -> Standing:
    """Dr. Two goes through it with the patient; it stays."""
    command = ReviewSafetyPlan("p-1", review_time, etag)
    return house.crisis.care.safety_plans.confirm(house.call("dr-two"), command)


def read(house: House, number: int = 0, *, by: str = "dr-one", role: Role = Role.CLINICIAN) -> Any:
    """The plan as it is answered."""
    command = GetSafetyPlan("p-1", number)
    plan = house.crisis.care.safety_plan_queries.get(house.call(by, role), command)
    return answers.get_plan(plan).safety_plan


def texts(plan: Any) -> list[str]:
    """Every line in order."""
    return [item.text for section in plan.sections for item in section.items]


def test_a_plan_is_read_in_the_order_in_which_it_is_used() -> None:
    house = House()
    revise(house)

    assert texts(read(house)) == [WALK, "music", SISTER]
    assert read(house).sections[1].items[0].phone == "+12025550101"


def test_988_is_part_of_every_plan() -> None:
    house = House()
    revise(house)

    assert read(house).call_number == "988"


def test_parts_that_a_plan_should_have_are_named_and_it_is_kept_all_the_same() -> None:
    house = House()

    standing = revise(house)

    assert standing.in_force.missing == (
        SectionKind.WARNING_SIGNS,
        SectionKind.PEOPLE_AND_PLACES,
        SectionKind.PROFESSIONALS,
        SectionKind.SAFER_SURROUNDINGS,
    )


def test_reasons_for_living_are_nobody_s_duty() -> None:
    house = House()
    whole = [section(kind, "a line") for kind in SectionKind if kind != "reasons_for_living"]

    assert revise(house, *whole).in_force.missing == ()


def test_what_a_plan_says_rests_as_ciphertext_only() -> None:
    house = House()
    revise(house)

    (version,) = house.store.documents("safety_plan_versions")
    items = [item for each in version["sections"] for item in each["items"]]
    assert all(bytes(item["text_ciphertext"]).startswith(f"{TENANT}:".encode()) for item in items)
    assert WALK not in str(house.store.documents("safety_plans"))


def test_the_kept_answer_of_a_revision_holds_no_text() -> None:
    house = House()

    answer = answers.revise_plan(revise(house))

    assert isinstance(answer, safety_plans_pb2.ReviseSafetyPlanResponse)
    assert WALK.encode() not in answer.SerializeToString()
    assert SISTER.encode() not in answer.SerializeToString()


def test_a_new_version_leaves_the_old_one_as_it_was() -> None:
    house = House()
    revise(house)
    before = house.store.documents("safety_plan_versions")[0]
    house.time_passes(days=1)
    revise(house, section(SectionKind.OWN_COPING, "breathing"))

    versions = house.store.documents("safety_plan_versions")
    assert before in versions
    assert [each["number"] for each in versions] == [1, 2]
    assert texts(read(house)) == ["breathing"]
    assert texts(read(house, 1)) == [WALK, "music", SISTER]
    old = read(house, 1)
    assert (old.version.plan_version, old.summary.version.plan_version) == (1, 2)


def test_versions_are_listed_newest_first_with_author_and_time() -> None:
    house = House()
    for _ in range(3):
        revise(house)
        house.clock.advance(after(hours=1) - NOON)

    page = house.crisis.care.safety_plan_queries.page(house.call("dr-one"), ListPage("p-1", 2, ""))

    assert [(each.number, each.author_id) for each in page.items] == [(3, "dr-one"), (2, "dr-one")]
    assert page.next_page_token


def test_a_patient_reads_the_own_copy_and_nobody_else_s() -> None:
    house = House()
    revise(house)

    assert texts(read(house, by="p-1", role=Role.PATIENT)) == [WALK, "music", SISTER]
    with pytest.raises(NotFound):
        read(house, by="p-2", role=Role.PATIENT)


def test_every_read_is_in_the_patient_s_trail() -> None:
    house = House()
    revise(house)
    before = len(house.store.documents("audit_entries"))

    read(house)

    entries = house.store.documents("audit_entries")[before:]
    assert entries
    assert {entry["patient_id"] for entry in entries} == {"p-1"}


def test_a_line_that_cannot_be_opened_hides_no_other() -> None:
    house = House()
    revise(house)
    (version,) = house.store.engine.tables["safety_plan_versions"].values()
    version["sections"][0]["items"][0]["text_ciphertext"] = KEY_AWAY

    plan = read(house)

    assert list(plan.unreadable_fields) == ["sections[0].items[0].text"]
    assert texts(plan) == ["", "music", SISTER]


def test_a_patient_without_a_plan_has_none() -> None:
    house = House()
    for act in (
        lambda: read(house),
        lambda: confirm(house),
        lambda: house.crisis.care.safety_plan_queries.page(
            house.call("dr"), ListPage("p-1", 0, "")
        ),
    ):
        with pytest.raises(NotFound):
            act()


def test_two_people_s_versions_do_not_replace_each_other_unseen() -> None:
    house = House()
    revise(house)
    seen = read(house).summary.etag
    revise(house)

    with pytest.raises(Aborted) as refused:
        revise(house, etag=seen)
    with pytest.raises(Aborted):
        confirm(house, etag=seen)

    assert refused.value.reason == "ETAG_STALE"


def test_the_next_review_is_within_thirty_days() -> None:
    standing = revise(House())

    assert standing.plan.review_time is not None
    assert after(days=29) <= standing.plan.review_time <= after(days=30)


@pytest.mark.parametrize("review_time", [after(days=31), NOON, after(days=-1)])
def test_a_review_too_late_or_in_the_past_is_refused(review_time: datetime) -> None:
    house = House()

    with pytest.raises(InvalidArgument) as refused:
        revise(house, review_time=review_time)

    assert refused.value.reason == "REVIEW_TIME_OUT_OF_RANGE"
    assert house.store.documents("safety_plans") == house.store.documents("follow_ups") == []


def test_an_earlier_review_is_kept_and_watched() -> None:
    house = House()

    revise(house, review_time=after(days=3))

    review = house.follow_up(Kind.SAFETY_PLAN_REVIEW)
    assert (review.due_time, review.owner) == (after(days=3), Owner("dr-one"))


def test_a_plan_that_was_gone_through_stays_and_its_next_review_is_set() -> None:
    house = House()
    revise(house, review_time=after(days=3))
    house.time_passes(days=2)

    standing = confirm(house)

    first, second = house.follow_ups(Kind.SAFETY_PLAN_REVIEW)
    assert (first.state, first.outcome) == (State.DONE, Outcome.PLAN_CONFIRMED)
    assert first.closer_id == "dr-two"
    assert (second.state, second.due_time) == (State.OPEN, standing.plan.review_time)
    assert standing.in_force.number == 1


def test_after_a_case_the_plan_is_due_and_a_new_version_is_that_review() -> None:
    house = House().staffed()
    revise(house)
    house.closed_case()
    assert [each.state for each in house.follow_ups(Kind.SAFETY_PLAN_REVIEW)] == [State.OPEN] * 2

    revise(house)

    reviews = house.follow_ups(Kind.SAFETY_PLAN_REVIEW)
    assert [each.state for each in reviews].count(State.DONE) == 2
    assert {each.outcome for each in reviews} == {Outcome.PLAN_REVISED, None}


def test_an_overdue_review_is_told_with_the_plan() -> None:
    house = House()
    revise(house, review_time=after(days=3))
    assert not read(house).summary.is_review_overdue

    house.time_passes(days=4)

    assert read(house).summary.is_review_overdue


def test_another_tenant_s_plan_does_not_exist() -> None:
    house = House()
    revise(house)
    other = house.call("dr-one", tenant_id="harbor")

    with pytest.raises(NotFound):
        house.crisis.care.safety_plan_queries.get(other, GetSafetyPlan("p-1"))
