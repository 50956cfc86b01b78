"""Placement results as clinicians enter them."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import InvalidArgument
from services.intake.domain.gates import referral_up_reasons
from services.intake.domain.level_of_care import ASAM_3, ASAM_4, LOCUS_20, Dimension, LevelOfCare
from tests.unit.intake.builders import RULES, a_level_of_care


def locus(level: str = "3", **changes: Any) -> LevelOfCare:
    """A LOCUS result with seven ratings."""
    return a_level_of_care(
        framework="locus",
        edition="20",
        dimensions=tuple(Dimension(code, "2", "") for code in LOCUS_20.dimensions),
        recommended_level=level,
        actual_level=level,
        **changes,
    )


@pytest.mark.parametrize(
    ("minimum", "required"),
    # Worked examples of the fourth edition, as others wrote them.
    [
        ({"D1": "0", "D2": "0", "D3": "ANY", "D4": "2.1", "D5": "0"}, "2.1"),
        ({"D3": "2.5 COE", "D4": "3.1", "D5": "3.1"}, "3.1"),
        ({"D1": "3.7", "D3": "1.5", "D4": "2.1", "D5": "0"}, "3.7"),
        ({"D1": "EVAL", "D3": "3.5 COE", "D4": "2.1", "D5": "0"}, "3.5 COE"),
    ],
)
def test_the_highest_minimum_of_all_dimensions_stands(
    minimum: dict[str, str], required: str
) -> None:
    record = a_level_of_care(
        minimum=minimum, recommended_level="1.0", actual_level="2.1", override_reason="preference"
    )
    assert record.required_level == required


def test_a_recommendation_above_every_dimension_stands() -> None:
    record = a_level_of_care(recommended_level="2.5", override_reason="no_place")
    assert record.required_level == "2.5"


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        (
            {"withdrawal_needs_management": True},
            ("WITHDRAWAL_NEEDS_MANAGEMENT",),
        ),
        (
            {"has_complicated_withdrawal_history": True},
            ("WITHDRAWAL_NEEDS_MANAGEMENT",),
        ),
        (
            {"recommended_level": "3.7", "actual_level": "3.7"},
            ("MEDICALLY_MANAGED_LEVEL", "LEVEL_ABOVE_PROGRAM"),
        ),
        # A medically managed need stops the search even where its level is not the highest.
        (
            {"minimum": {"D2": "1.7"}},
            ("MEDICALLY_MANAGED_LEVEL",),
        ),
        (
            {"minimum": {"D5": "3.1"}, "override_reason": "waiting_list"},
            ("LEVEL_ABOVE_PROGRAM",),
        ),
        # The program is not co-occurring enhanced unless its tenant says so.
        (
            {"minimum": {"D3": "2.1 COE"}, "override_reason": "capable_team"},
            ("LEVEL_ABOVE_PROGRAM",),
        ),
    ],
)
def test_a_result_that_asks_for_more_says_why(
    changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    assert referral_up_reasons(a_level_of_care(**changes), RULES) == reasons


@pytest.mark.parametrize(("rating", "is_out"), [("2", False), ("3", True), ("4", True)])
def test_in_the_third_edition_a_withdrawal_rating_of_three_goes_up(
    rating: str, is_out: bool
) -> None:
    record = a_level_of_care(
        edition="3", dimensions=(Dimension("D1", rating, ""), Dimension("D5", "3", "2.1"))
    )
    assert bool(referral_up_reasons(record, RULES)) is is_out


def test_a_withdrawal_management_level_is_a_withdrawal_need() -> None:
    record = a_level_of_care(
        edition="3",
        dimensions=(Dimension("D1", "2", "2-WM"),),
        override_reason="managed_elsewhere",
    )
    assert "WITHDRAWAL_NEEDS_MANAGEMENT" in referral_up_reasons(record, RULES)


@pytest.mark.parametrize(
    ("level", "reasons"),
    [
        ("3", ()),
        ("4", ("LEVEL_ABOVE_PROGRAM",)),
        ("6", ("MEDICALLY_MANAGED_LEVEL", "LEVEL_ABOVE_PROGRAM")),
    ],
)
def test_locus_level_three_is_this_program(level: str, reasons: tuple[str, ...]) -> None:
    assert referral_up_reasons(locus(level), RULES) == reasons


def test_without_a_result_nothing_points_upwards() -> None:
    assert referral_up_reasons(None, RULES) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"edition": "5"}, "EDITION_UNKNOWN"),
        ({"recommended_level": "9"}, "LEVEL_UNKNOWN"),
        ({"actual_level": ""}, "LEVEL_UNKNOWN"),
        ({"dimensions": (Dimension("D9", "", "2.1"),)}, "DIMENSION_UNKNOWN"),
        ({"dimensions": (Dimension("D1", "", "12"),)}, "LEVEL_UNKNOWN"),
        (
            {"dimensions": (Dimension("D1", "", "0"), Dimension("D1", "", "0"))},
            "DIMENSION_REPEATED",
        ),
        ({"edition": "3", "dimensions": (Dimension("D1", "7", ""),)}, "RATING_UNKNOWN"),
        ({"minimum": {"D5": "3.1"}}, "OVERRIDE_REASON_MISSING"),
    ],
)
def test_a_result_at_fault_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        a_level_of_care(**changes)
    assert refused.value.reason == reason


@pytest.mark.parametrize("edition", [ASAM_3, ASAM_4, LOCUS_20], ids=lambda each: each.edition)
def test_every_named_level_is_one_of_its_edition(edition: Any) -> None:
    assert edition.medically_managed <= set(edition.levels)
    assert edition.withdrawal <= set(edition.levels)
    assert len(set(edition.levels)) == len(edition.levels)
