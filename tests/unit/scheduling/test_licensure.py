"""Who may treat where, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition
from services.scheduling.domain.licensure import (
    Lead,
    License,
    LicenseKind,
    lack_of_authority,
    require_authority,
    states_of_authority,
)
from services.scheduling.domain.states import STATE_ZONES
from tests.unit.scheduling.builders import NOW, a_license, a_span, after, fields_of, reason_of


def lacking(licenses: list[License], state: str = "VA", at: datetime = NOW) -> str:
    lack = lack_of_authority(licenses, state, a_span(at))
    return lack.reason if lack else ""


@pytest.mark.parametrize(
    "kind",
    [
        LicenseKind.LICENSE,
        LicenseKind.TELEHEALTH_REGISTRATION,
        LicenseKind.TEMPORARY_PRACTICE,
    ],
)
def test_an_active_right_of_the_patients_state_gives_authority(kind: LicenseKind) -> None:
    assert lacking([a_license("VA", kind=kind)]) == ""


def test_a_license_of_another_state_gives_none() -> None:
    assert lacking([a_license("NC")]) == "LICENSE_MISSING"


def test_a_compact_privilege_holds_while_the_home_license_does() -> None:
    privilege = a_license("VA", kind=LicenseKind.COMPACT_PRIVILEGE, home_state="NC")
    assert lacking([privilege, a_license("NC")]) == ""


def test_a_compact_privilege_without_its_home_license_is_worth_nothing() -> None:
    privilege = a_license("VA", kind=LicenseKind.COMPACT_PRIVILEGE, home_state="NC")
    registration = a_license("NC", kind=LicenseKind.TELEHEALTH_REGISTRATION)
    assert lacking([privilege]) == "HOME_LICENSE_MISSING"
    assert lacking([privilege, registration]) == "HOME_LICENSE_MISSING"
    assert lacking([privilege, a_license("NC", revoke_time=after(days=-1))]) != ""


def test_a_license_counts_to_the_last_minute_of_its_last_day_in_the_states_own_time() -> None:
    licenses = [a_license("VA", expire_date=date(2027, 1, 1))]
    midnight = datetime(2027, 1, 2, 5, tzinfo=UTC)  # 00:00 in Virginia
    assert lacking(licenses, at=midnight - timedelta(minutes=200)) == ""
    assert lacking(licenses, at=midnight - timedelta(minutes=199)) == "LICENSE_EXPIRED"


def test_a_license_that_begins_tomorrow_does_not_count_today() -> None:
    assert lacking([a_license(effective_date=date(2027, 1, 2))]) == "LICENSE_NOT_YET_EFFECTIVE"


def test_a_revoked_license_ends_at_that_instant() -> None:
    licenses = [a_license(revoke_time=after(minutes=200))]
    assert lacking(licenses) == ""
    assert lacking(licenses, at=after(minutes=1)) == "LICENSE_REVOKED"


def test_an_expired_license_says_more_than_a_revoked_one() -> None:
    licenses = [a_license(revoke_time=NOW), a_license(expire_date=date(2026, 12, 31))]
    lack = lack_of_authority(licenses, "VA", a_span())
    assert lack is not None
    assert (lack.reason, lack.date) == ("LICENSE_EXPIRED", date(2026, 12, 31))


@pytest.mark.parametrize("state", ["", "XX", "va", "USA"])
def test_nobody_is_licensed_for_a_place_that_is_not_a_state(state: str) -> None:
    assert lacking([a_license("VA")], state=state) == "LICENSE_MISSING"


def test_the_states_of_authority_are_those_that_hold_for_the_whole_session() -> None:
    licenses = [
        a_license("VA"),
        a_license("MD", expire_date=date(2026, 12, 31)),
        a_license("DC"),
        a_license("VA", kind=LicenseKind.TELEHEALTH_REGISTRATION),
    ]
    assert states_of_authority(licenses, a_span()) == ("DC", "VA")


def test_every_session_must_be_covered_for_every_patient_in_it() -> None:
    leads = [
        Lead(a_span(), [a_license("VA"), a_license("NC")], {"VA", "NC"}),
        Lead(a_span(after(days=7)), [a_license("VA")], {"VA", "NC"}),
    ]
    with pytest.raises(FailedPrecondition) as error:
        require_authority(leads)
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"
    assert fields_of(error) == [("facilitator_id", "LICENSE_MISSING")]
    assert error.value.metadata == {
        "states": "NC",
        "sessions": "1",
        "first_start_time": after(days=7).isoformat(),
    }


def test_a_refusal_names_the_day_on_which_the_license_ends_once_for_all_sessions() -> None:
    licenses = [a_license("VA", expire_date=date(2027, 1, 10))]
    leads = [Lead(a_span(after(days=7 * week)), licenses, {"VA"}) for week in range(8)]
    with pytest.raises(FailedPrecondition) as error:
        require_authority(leads)
    assert fields_of(error) == [("facilitator_id", "LICENSE_EXPIRED")]
    assert error.value.metadata["license_expire_date"] == "2027-01-10"
    assert error.value.metadata["sessions"] == "6"


def test_a_session_without_patients_needs_no_authority() -> None:
    require_authority([Lead(a_span(), [], set())])


def test_all_states_the_district_and_five_territories_are_known() -> None:
    assert len(STATE_ZONES) == 56


@given(state=st.sampled_from(sorted(STATE_ZONES)), hours=st.integers(-72, 72))
def test_authority_over_a_time_means_authority_over_each_part_of_it(state: str, hours: int) -> None:
    licenses = [a_license(state, effective_date=date(2027, 1, 1), expire_date=date(2027, 1, 2))]
    whole = a_span(after(hours=hours), minutes=180)
    part = a_span(after(hours=hours, minutes=60), minutes=60)
    if lack_of_authority(licenses, state, whole) is None:
        assert lack_of_authority(licenses, state, part) is None
