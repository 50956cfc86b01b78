"""A tenant's numbers for intake, each with where it comes from.

Defaults by Haven, 2026-11-21. "Default" marks a number without a published source: the deploying
organization confirms it, and all the others, before anybody is treated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from services.intake.domain.care_plan import PlanRules, SignerRole
from services.intake.domain.consent import ConsentScope
from services.intake.domain.gates import GateRules
from services.intake.domain.screening import ScreeningRules
from services.intake.domain.states import STATES
from services.intake.domain.tier import Tier
from services.intake.domain.triage import TriageRules

Payer = Literal["commercial", "medicaid", "medicare", "self_pay"]
Scope = Literal["treatment", "telehealth", "group_participation", "messaging", "part2_disclosure"]
Signer = Literal["patient", "primary_clinician", "supervisor"]
WorryingTier = Literal["low", "moderate", "high"]
MINUTES = 60


@dataclass(frozen=True)
class ProgramLevels:
    """The placement levels that this program gives, by framework and edition."""

    asam_3: tuple[str, ...] = ("2.1",)  # ASAM Criteria, 3rd edition: intensive outpatient
    asam_4: tuple[str, ...] = ("2.1",)  # ASAM Criteria, 4th edition: intensive outpatient
    locus_20: tuple[str, ...] = ("3",)  # LOCUS 20: high-intensity community-based services


@dataclass(frozen=True)
class IntakePolicy:
    """What a tenant may set under [tenants.<id>.intake]."""

    # Default. A screening with a safety item answered or skipped and then left counts as completed.
    screening_left_seconds: float = 600.0
    # Default. PHQ-9 item 9 endorsed asks for an assessment in the same contact, which is what a
    # moderate tier asks for; so do the PHQ-9M's suicide items, and craving with use.
    safety_item_tier: WorryingTier = "moderate"
    # Default. Adolescents need a guardian's gate that this release does not have.
    minimum_age_years: int = 18
    # Default. How long a revealed identity may be looked at.
    reveal_seconds: float = 900.0
    # Default: a shift. For no longer may a name be opened at once.
    longest_reveal_seconds: float = 28_800.0
    # Who is told of each opened name, as notify knows them; ListAliasReveals shows them all.
    privacy_officers: tuple[str, ...] = ()
    # None by default: a program treats only where it says it may.
    program_states: tuple[str, ...] = ()
    # Medicare does not cover a virtual intensive outpatient program (CAA 2023, section 4124).
    virtual_payers: tuple[Payer, ...] = ("commercial", "medicaid", "self_pay")
    # Default.
    required_consents: tuple[Scope, ...] = ("treatment", "telehealth", "group_participation")
    # SAMHSA TIP 47: intensive outpatient begins at 9 hours a week for adults.
    minimum_weekly_hours: int = 9
    # The level's usual upper bound: 19 hours a week.
    maximum_weekly_hours: int = 19
    # Default: 1.5 Mbit/s both ways.
    minimum_kbps: int = 1500
    # Default. ASAM 3rd edition, dimension 1: a risk rating of 3 or 4 is managed medically.
    highest_withdrawal_rating: int = 2
    program_levels: ProgramLevels = ProgramLevels()
    # Default.
    maximum_problems: int = 5
    # Default: everybody whom a plan binds.
    plan_signatures: tuple[Signer, ...] = ("patient", "primary_clinician", "supervisor")

    def __post_init__(self) -> None:
        unknown = sorted(set(self.program_states) - STATES)
        if unknown:
            raise ValueError(f"program_states: unknown {', '.join(unknown)}")
        if self.screening_left_seconds <= 0 or self.reveal_seconds <= 0:
            raise ValueError("screening_left_seconds, reveal_seconds: must be positive")
        if self.longest_reveal_seconds < self.reveal_seconds:
            raise ValueError("longest_reveal_seconds: must not be below reveal_seconds")
        if not 0 < self.minimum_weekly_hours <= self.maximum_weekly_hours:
            raise ValueError("minimum_weekly_hours: must be positive and not above the maximum")

    @property
    def reveal_for(self) -> timedelta:
        """How long a revealed identity may be looked at."""
        return timedelta(seconds=self.reveal_seconds)

    @property
    def longest_reveal(self) -> timedelta:
        """For no longer may a name be opened at once."""
        return timedelta(seconds=self.longest_reveal_seconds)

    def screening_rules(self) -> ScreeningRules:
        """The numbers that a screening needs."""
        return ScreeningRules(
            triage=TriageRules(safety_item_tier=Tier[self.safety_item_tier.upper()]),
            left_after=timedelta(seconds=self.screening_left_seconds),
        )

    def gate_rules(self) -> GateRules:
        """The numbers that the admission gate needs."""
        return GateRules(
            program_states=frozenset(self.program_states),
            payers=frozenset(self.virtual_payers),
            required_consents=tuple(ConsentScope(each) for each in self.required_consents),
            minimum_weekly_hours=self.minimum_weekly_hours,
            minimum_kbps=self.minimum_kbps,
            highest_withdrawal_rating=self.highest_withdrawal_rating,
            program_levels=self._levels(),
        )

    def plan_rules(self) -> PlanRules:
        """The numbers that a care plan needs."""
        return PlanRules(
            minimum_weekly_minutes=self.minimum_weekly_hours * MINUTES,
            maximum_weekly_minutes=self.maximum_weekly_hours * MINUTES,
            maximum_problems=self.maximum_problems,
            required_signatures=tuple(SignerRole(each) for each in self.plan_signatures),
        )

    def _levels(self) -> Mapping[tuple[str, str], frozenset[str]]:
        return {
            ("asam", "3"): frozenset(self.program_levels.asam_3),
            ("asam", "4"): frozenset(self.program_levels.asam_4),
            ("locus", "20"): frozenset(self.program_levels.locus_20),
        }
