"""Whom to call where a patient is: by people's own verification, and never hidden for its age."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import jurisdictions_pb2
from haven.crisis.v1 import resources_pb2 as resource

from chassis.call import Role
from chassis.errors import Aborted, FailedPrecondition, InvalidArgument
from chassis.store import etag_of
from services.crisis.codec import aftercare_answers as answers
from services.crisis.codec import aftercare_wire as wire
from services.crisis.codec.jurisdiction_table import shipped_table, table_of
from services.crisis.domain.aftercare_commands import PutDutyToWarn
from services.crisis.domain.jurisdiction import NumberKind, Table, WarnRule, jurisdiction_of
from services.crisis.domain.states import STATES
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House

TODAY = NOON.date()
TABLE = """
version = 1
dispatch_caution = "say where the patient is"
[[numbers]]
state = "VA"
area = ""
kind = "psap"
name = "a fictional dispatch"
phone = "+12025550111"
verified_on = 2026-01-02
[duty_to_warn.CA]
rule = "mandatory"
source = "a fictional statute"
"""


def told(house: House, state: str, tenant_id: str = "river") -> Any:
    """All that a clinician is told about a state."""
    return answers.get_jurisdiction(
        house.crisis.care.places.get(house.call("dr-one", tenant_id=tenant_id), state)
    )


def put_duty(house: House, state: str = "VA", *, verified_on: date = TODAY, etag: str = "") -> Any:
    """Counsel found out."""
    command = PutDutyToWarn(state, WarnRule.PERMISSIVE, "a fictional statute", verified_on, etag)
    return house.crisis.care.jurisdictions.put_duty(house.call("boss", Role.ADMINISTRATOR), command)


def test_no_real_number_is_shipped() -> None:
    assert shipped_table().numbers == ()


def test_the_one_sourced_duty_is_california_s_and_every_other_is_unknown() -> None:
    table = shipped_table()

    rules = {state: jurisdiction_of(state, table, [], None).duty.rule for state in STATES}
    assert rules.pop("CA") is WarnRule.MANDATORY
    assert "43.92" in table.duties["CA"].source
    assert set(rules.values()) == {WarnRule.UNKNOWN}


def test_what_is_shipped_must_be_checked_by_whoever_deploys_it() -> None:
    house = House()

    for state in ("CA", "VA"):
        assert told(house, state).duty_to_warn.must_be_checked
    assert told(house, "VA").duty_to_warn.rule == resource.DUTY_TO_WARN_RULE_UNKNOWN


def test_a_finding_of_the_tenant_takes_the_place_of_what_is_shipped() -> None:
    house = House()
    put_duty(house, "CA")

    duty = told(house, "CA").duty_to_warn
    assert (duty.rule, duty.verifier_id) == (resource.DUTY_TO_WARN_RULE_PERMISSIVE, "boss")
    assert not duty.must_be_checked
    assert told(house, "CA", "harbor").duty_to_warn.rule == resource.DUTY_TO_WARN_RULE_MANDATORY


def test_a_finding_must_be_checked_again_after_a_year() -> None:
    house = House()
    put_duty(house, verified_on=after(days=-366).date())

    assert told(house, "VA").duty_to_warn.must_be_checked


@pytest.mark.parametrize(("days", "is_stale"), [(0, False), (90, False), (91, True), (900, True)])
def test_a_number_is_stale_after_ninety_days_and_shown_all_the_same(
    days: int, is_stale: bool
) -> None:
    house = House()
    house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY - timedelta(days=days))

    answer = told(house, "VA")
    assert [each.phone for each in answer.numbers] == ["+12025550100"]
    assert answer.numbers[0].is_stale is is_stale
    lacking = resource.LOCAL_NUMBER_KIND_PSAP in answer.kinds_without_number
    assert lacking is is_stale


def test_the_whole_state_s_numbers_come_before_an_area_s() -> None:
    house = House()
    for area in ("fairfax-county", ""):
        house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY, area=area)

    assert [each.area for each in told(house, "VA").numbers] == ["", "fairfax-county"]


def test_an_area_s_numbers_are_replaced_as_a_whole() -> None:
    house = House()
    house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY)
    house.put_numbers("VA", NumberKind.MOBILE_CRISIS, verified_on=TODAY)

    kinds = [each.kind for each in told(house, "VA").numbers]
    assert kinds == [resource.LOCAL_NUMBER_KIND_MOBILE_CRISIS]


def test_an_edit_of_what_somebody_else_changed_is_refused() -> None:
    house = House()
    seen = etag_of(house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY))
    duty_seen = put_duty(house).version
    house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY, etag=seen)

    with pytest.raises(Aborted):
        house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY, etag=seen)
    with pytest.raises(Aborted):
        put_duty(house, etag="0123456789abcdef")
    assert (duty_seen, put_duty(house).version) == (1, 2)


def test_an_edit_of_what_was_read_is_taken() -> None:
    house = House()
    house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY)
    put_duty(house)
    read = told(house, "VA")

    area = house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY, etag=read.areas[0].etag)
    entry = put_duty(house, etag=read.duty_to_warn_etag)

    assert (area.version, entry.version) == (2, 2)


def test_nobody_has_verified_anything_in_the_future() -> None:
    house = House()
    tomorrow = after(days=2).date()

    with pytest.raises(InvalidArgument) as refused:
        house.put_numbers("VA", NumberKind.PSAP, verified_on=tomorrow)
    with pytest.raises(InvalidArgument):
        put_duty(house, verified_on=tomorrow)

    assert [each.field for each in refused.value.violations] == ["numbers[0].verified_date"]
    assert house.store.documents("local_numbers") == house.store.documents("duties_to_warn") == []


@pytest.mark.parametrize("phone", ["911", "988", "+1911", "2025550100", "+442071234567", "call us"])
def test_a_number_that_is_not_local_and_ten_digits_is_refused(phone: str) -> None:
    request = jurisdictions_pb2.PutLocalNumbersRequest(state="VA")
    entry = request.numbers.add(
        kind=resource.LOCAL_NUMBER_KIND_PSAP, name="a fictional dispatch", phone=phone
    )
    entry.verified_date.year, entry.verified_date.month, entry.verified_date.day = 2026, 3, 1

    with pytest.raises(InvalidArgument) as refused:
        wire.put_numbers(request)

    assert [each.field for each in refused.value.violations] == ["numbers[0].phone"]


@pytest.mark.parametrize("state", ["", "va", "XX", "Virginia"])
def test_a_state_is_two_capital_letters(state: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        wire.state(jurisdictions_pb2.GetJurisdictionRequest(state=state))

    assert [each.field for each in refused.value.violations] == ["state"]


def test_a_table_is_read_as_it_is_written() -> None:
    table = table_of(TABLE)

    (number,) = table.numbers
    assert (number.kind, number.verified_on) == (NumberKind.PSAP, date(2026, 1, 2))
    assert table.duties["CA"].rule is WarnRule.MANDATORY


def test_an_area_of_the_tenant_hides_the_table_s_same_area_only() -> None:
    table = table_of(TABLE)
    house = House()
    own = house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY)
    county = house.put_numbers("VA", NumberKind.PSAP, verified_on=TODAY, area="some-county")

    both = jurisdiction_of("VA", table, [county], None).numbers
    assert [each.phone for each in both] == ["+12025550111", "+12025550100"]
    assert [n.phone for n in jurisdiction_of("VA", table, [own], None).numbers] == ["+12025550100"]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (("version = 1", "version = 0"), "version"),
        (('dispatch_caution = "say where the patient is"', ""), "dispatch_caution"),
        (('state = "VA"', 'state = "XX"'), "numbers[0].state"),
        (('kind = "psap"', 'kind = "sheriff"'), "numbers[0].kind"),
        (("+12025550111", "911"), "numbers[0].phone"),
        (("verified_on = 2026-01-02", 'verified_on = "lately"'), "numbers[0].verified_on"),
        (("verified_on = 2026-01-02", ""), "numbers[0].verified_on"),
        (('rule = "mandatory"', 'rule = "unknown"'), "duty_to_warn.CA.rule"),
        (('source = "a fictional statute"', ""), "duty_to_warn.CA.rule and source"),
        (("[duty_to_warn.CA]", "[duty_to_warn.ZZ]"), "duty_to_warn.ZZ.state"),
        (("version = 1", "version = 1\nsurprise = 2"), "surprise"),
    ],
)
def test_a_table_with_a_fault_is_refused_and_names_it(damage: tuple[str, str], fault: str) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        table_of(TABLE.replace(*damage))

    assert refused.value.reason == "JURISDICTIONS_INVALID"
    assert fault in refused.value.text


def test_a_text_that_is_no_table_is_refused() -> None:
    with pytest.raises(FailedPrecondition):
        table_of("this is = = not TOML")


def test_the_law_of_a_state_that_nobody_knows_is_unknown() -> None:
    nowhere = jurisdiction_of("ZZ", Table(1, "caution"), [], None)

    assert (nowhere.duty.rule, nowhere.numbers) == (WarnRule.UNKNOWN, ())
