"""Licenses as a clinician may hold them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from services.scheduling.domain.clinician import Profession
from services.scheduling.domain.licensure import LicenseKind
from tests.unit.scheduling.builders import (
    NOW,
    POLICY,
    a_clinician,
    a_license,
    a_span,
    after,
    fields_of,
    reason_of,
)

COMPACT = LicenseKind.COMPACT_PRIVILEGE


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"state": "XX"}, "state", "STATE_UNKNOWN"),
        ({"kind": COMPACT, "home_state": "ZZ"}, "home_state", "STATE_UNKNOWN"),
        ({"expire_date": date(2025, 12, 31)}, "expire_date", "LICENSE_TERM_INVALID"),
        ({"kind": COMPACT}, "home_state", "HOME_STATE_REQUIRED"),
        ({"home_state": "NC"}, "home_state", "HOME_STATE_NOT_ALLOWED"),
        (
            {"kind": LicenseKind.TEMPORARY_PRACTICE, "expire_date": date(2026, 1, 31)},
            "expire_date",
            "TEMPORARY_PRACTICE_TOO_LONG",
        ),
    ],
)
def test_a_license_must_be_well_formed(changes: dict[str, Any], field: str, reason: str) -> None:
    license = a_license(**({"state": "VA"} | changes))
    with pytest.raises(InvalidArgument) as error:
        a_clinician().add_license(license, POLICY)
    assert reason_of(error) == reason
    assert fields_of(error) == [(field, reason)]


def test_thirty_days_of_temporary_practice_are_accepted() -> None:
    clinician = a_clinician()
    grace = a_license(kind=LicenseKind.TEMPORARY_PRACTICE, expire_date=date(2026, 1, 30))
    clinician.add_license(grace, POLICY)
    assert clinician.licenses == (grace,)


def test_family_therapists_have_no_compact() -> None:
    clinician = a_clinician(profession=Profession.MARRIAGE_FAMILY_THERAPIST)
    with pytest.raises(InvalidArgument) as error:
        clinician.add_license(a_license(kind=COMPACT, home_state="NC"), POLICY)
    assert reason_of(error) == "COMPACT_NOT_AVAILABLE"


def test_the_same_right_cannot_be_held_twice_at_a_time() -> None:
    clinician = a_clinician("VA")
    with pytest.raises(AlreadyExists) as error:
        clinician.add_license(a_license("VA"), POLICY)
    assert reason_of(error) == "LICENSE_ALREADY_HELD"


def test_a_renewal_follows_the_license_that_it_renews() -> None:
    clinician = a_clinician("VA")
    renewal = a_license("VA", effective_date=date(2029, 1, 1), expire_date=date(2031, 12, 31))
    clinician.add_license(renewal, POLICY)
    assert len(clinician.licenses) == 2


def test_a_revoked_license_can_be_had_again() -> None:
    clinician = a_clinician("VA")
    clinician.revoke_license(clinician.licenses[0].id, NOW)
    clinician.add_license(a_license("VA"), POLICY)
    assert clinician.states(a_span(after(days=1))) == ("VA",)


def test_revoking_ends_authority_from_now_on() -> None:
    clinician = a_clinician("VA", "NC")
    clinician.revoke_license(clinician.licenses[0].id, NOW)
    assert clinician.states(a_span(after(days=1))) == ("NC",)
    assert clinician.states(a_span(after(days=-1))) == ("NC", "VA")


def test_a_license_cannot_be_revoked_twice() -> None:
    clinician = a_clinician("VA")
    clinician.revoke_license(clinician.licenses[0].id, NOW)
    with pytest.raises(FailedPrecondition) as error:
        clinician.revoke_license(clinician.licenses[0].id, NOW)
    assert reason_of(error) == "LICENSE_REVOKED"


def test_an_unknown_license_cannot_be_revoked() -> None:
    with pytest.raises(NotFound):
        a_clinician("VA").revoke_license("license-0", NOW)
