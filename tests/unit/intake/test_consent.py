"""Consents: in force or not, and what Part 2 asks of them."""

from __future__ import annotations

import pytest

from chassis.errors import FailedPrecondition, InvalidArgument, NotFound
from services.intake.domain.consent import Consent, ConsentScope, Part2Elements, consent_of
from tests.unit.intake.builders import NOON, a_consent, after

WHOLE = Part2Elements("program", ("attendance",), ("payers",), "payment", "end_of_treatment")


def a_disclosure(elements: Part2Elements) -> Consent:
    """A disclosure consent of a substance-use record."""
    return a_consent(ConsentScope.PART2_DISCLOSURE, part2_elements=elements)


@pytest.mark.parametrize(
    ("consent", "is_in_force"),
    [
        (a_consent(), True),
        (a_consent(expire_time=after(days=1)), True),
        (a_consent(expire_time=NOON), False),
        (a_consent(revoke_time=NOON), False),
        (a_consent(supersede_time=NOON), False),
    ],
)
def test_a_consent_is_in_force_until_it_ends(consent: Consent, is_in_force: bool) -> None:
    assert consent.is_in_force(NOON) is is_in_force


def test_a_disclosure_with_every_element_is_taken() -> None:
    a_disclosure(WHOLE).check(NOON)


@pytest.mark.parametrize(
    ("elements", "field"),
    [
        (Part2Elements("", WHOLE.information, WHOLE.recipients, "payment", "none"), "discloser"),
        (Part2Elements("program", (), WHOLE.recipients, "payment", "none"), "information"),
        (Part2Elements("program", WHOLE.information, (), "payment", "none"), "recipients"),
        (Part2Elements("program", WHOLE.information, WHOLE.recipients, "", "none"), "purpose"),
        (Part2Elements("program", WHOLE.information, WHOLE.recipients, "payment", ""), "end"),
        (
            Part2Elements("program", WHOLE.information, WHOLE.recipients, "payment", "date"),
            "expire_time",
        ),
    ],
)
def test_a_disclosure_without_one_element_is_no_consent(
    elements: Part2Elements, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        a_disclosure(elements).check(NOON)
    faults = [(each.field, each.reason) for each in refused.value.violations]
    assert faults == [(f"part2_elements.{field}", "PART2_ELEMENT_MISSING")]


def test_a_consent_that_is_over_when_it_is_signed_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        a_consent(expire_time=NOON).check(NOON)
    assert refused.value.violations[0].field == "expire_time"


def test_a_consent_is_revoked_once() -> None:
    revoked = a_consent().revoked(NOON)
    with pytest.raises(FailedPrecondition) as refused:
        revoked.revoked(NOON)
    assert refused.value.reason == "CONSENT_REVOKED"


def test_a_superseded_consent_points_to_the_newer_one() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_consent(supersede_time=NOON).revoked(NOON)
    assert refused.value.reason == "CONSENT_SUPERSEDED"


def test_an_unknown_consent_is_not_found() -> None:
    with pytest.raises(NotFound) as refused:
        consent_of([a_consent()], "another")
    assert refused.value.reason == "CONSENT_UNKNOWN"
