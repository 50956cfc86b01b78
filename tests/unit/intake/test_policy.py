"""A tenant's numbers: read from its section, refused where they make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.settings import SettingsError
from chassis.tenants import Tenants
from services.intake.domain.consent import ConsentScope
from services.intake.domain.policy import IntakePolicy
from services.intake.domain.tier import Tier


def policy_of(**section: Any) -> IntakePolicy:
    """The policy that a tenant's section makes."""
    return Tenants({"river": {"intake": section}}).policy("river", "intake", IntakePolicy)


def test_by_default_a_screening_is_left_after_ten_minutes_and_nobody_is_treated_anywhere() -> None:
    policy = policy_of()
    assert policy.screening_rules().left_after.total_seconds() == 600
    assert policy.gate_rules().program_states == frozenset()


def test_by_default_a_plan_needs_nine_hours_and_three_signatures() -> None:
    rules = policy_of().plan_rules()
    assert rules.minimum_weekly_minutes == 540
    assert len(rules.required_signatures) == 3


def test_a_tenant_sets_its_own_numbers() -> None:
    policy = policy_of(
        screening_left_seconds=4,
        safety_item_tier="high",
        program_states=["VA", "MD"],
        required_consents=["treatment"],
        program_levels={"asam_4": ["2.1", "2.1 COE"]},
    )
    assert policy.screening_rules().left_after.total_seconds() == 4
    assert policy.screening_rules().triage.safety_item_tier is Tier.HIGH
    assert policy.gate_rules().program_states == {"VA", "MD"}
    assert policy.gate_rules().required_consents == (ConsentScope.TREATMENT,)
    assert policy.gate_rules().program_levels["asam", "4"] == {"2.1", "2.1 COE"}


@pytest.mark.parametrize(
    "section",
    [
        {"program_states": ["Virginia"]},
        {"screening_left_seconds": 0},
        {"reveal_seconds": -1},
        {"safety_item_tier": "none"},
        {"virtual_payers": ["uncle"]},
        {"required_consents": ["everything"]},
        {"minimum_weekly_hours": 20},
        {"screening_left_second": 5},
    ],
)
def test_a_number_that_makes_no_sense_stops_the_start(section: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        policy_of(**section)
