"""A contact point is its owner's once a code that went there has come back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.call import Role
from chassis.errors import FailedPrecondition, HavenError, NotFound, PermissionDenied
from services.notify.domain.message import Channel
from services.notify.domain.verification import Outcome
from services.notify.domain.wish_commands import ChangeChannel, ConfirmCode
from tests.unit.notify.house import TENANT, House


@pytest.fixture
def house() -> House:
    house = House()
    tell(house, "ana@mail.example")
    return house


def tell(house: House, email: str, *, version: int = 1) -> None:
    """Intake says how p-1 is reached."""
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1",
        email_ciphertext=house.cipher.encrypt(TENANT, email),
        phone_ciphertext=house.cipher.encrypt(TENANT, "+15555550100"),
        time_zone="UTC",
    )
    house.hear(event, version=version)


def start(house: House, channel: Channel = Channel.EMAIL, recipient: str = "p-1") -> str:
    """A code is asked for and arrives; the code."""
    house.notify.verifying.start(house.call(), ChangeChannel(recipient, channel))
    house.time_passes()
    body = (
        house.provider.taken[-1].body if channel is Channel.EMAIL else house.texter.taken[-1].body
    )
    (code,) = re.findall(r"\b\d{6}\b", body)
    return str(code)


def confirm(
    house: House, code: str, channel: Channel = Channel.EMAIL, recipient: str = "p-1"
) -> Outcome:
    command = ConfirmCode(recipient, channel, code)
    return house.notify.verifying.confirm(house.call(), command).outcome


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def refused(act: Any) -> str:
    with pytest.raises(HavenError) as caught:
        act()
    return caught.value.reason


def verified(house: House, recipient: str = "p-1") -> set[Channel]:
    return set(house.notify.wishing.get(house.call(), recipient).verified)


def test_a_code_that_comes_back_proves_the_address(house: House) -> None:
    assert confirm(house, start(house)) is Outcome.VERIFIED
    assert verified(house) == {Channel.EMAIL}

    house.absence()
    house.time_passes()
    assert len(house.provider.taken) == 2


def test_a_number_that_is_proved_by_text_is_proved_for_calls(house: House) -> None:
    assert confirm(house, start(house, Channel.SMS), Channel.SMS) is Outcome.VERIFIED
    assert verified(house) == {Channel.SMS, Channel.VOICE}


def test_a_code_goes_out_at_night_because_it_was_asked_for(house: House) -> None:
    house.clock.advance(timedelta(hours=11))

    start(house)
    (message,) = house.messages
    assert (message["state"], message["basis"]) == ("delivered", "RECIPIENT_ASKED")


def test_a_wrong_code_may_be_tried_five_times_and_then_not_even_the_right_one_works(
    house: House,
) -> None:
    code = start(house)
    for _ in range(5):
        assert confirm(house, another(code)) is Outcome.WRONG

    assert confirm(house, code) is Outcome.EXPIRED
    assert verified(house) == set()


def test_a_code_lives_ten_minutes(house: House) -> None:
    code = start(house)
    house.clock.advance(timedelta(minutes=10))

    assert confirm(house, code) is Outcome.EXPIRED


def test_a_code_works_once(house: House) -> None:
    code = start(house)
    confirm(house, code)

    assert confirm(house, code) is Outcome.EXPIRED


def test_a_new_code_voids_the_one_before(house: House) -> None:
    first = start(house)
    second = start(house)

    outcomes = [confirm(house, first), confirm(house, second)]
    assert first == second or outcomes == [Outcome.WRONG, Outcome.VERIFIED]


def test_a_code_proves_only_the_address_to_which_it_went(house: House) -> None:
    code = start(house)
    tell(house, "new@mail.example", version=2)

    assert confirm(house, code) is Outcome.EXPIRED


def test_a_code_that_nobody_asked_for_proves_nothing(house: House) -> None:
    assert confirm(house, "123456") is Outcome.EXPIRED


def test_codes_are_given_three_times_an_hour(house: House) -> None:
    for _ in range(3):
        start(house)

    assert refused(lambda: start(house)) == "VERIFICATION_TOO_OFTEN"
    house.clock.advance(timedelta(hours=1))
    assert confirm(house, start(house)) is Outcome.VERIFIED


def test_a_code_rests_nowhere_in_the_clear(house: House) -> None:
    code = start(house)
    (verification,) = house.store.documents("verifications")

    assert code not in str(verification)
    (enclosure,) = house.store.documents("enclosures")
    assert enclosure["values_ciphertext"].startswith(b"river:")  # the test's open cipher


def test_where_nobody_is_reached_there_is_nothing_to_prove(house: House) -> None:
    event = intake_pb2.PatientContactRecorded(patient_id="p-2", time_zone="UTC")
    house.hear(event)

    assert refused(lambda: start(house, recipient="p-2")) == "CONTACT_POINT_MISSING"
    with pytest.raises(NotFound):
        start(house, recipient="p-nobody")


def test_a_stopped_number_gets_no_code(house: House) -> None:
    house.notify.wishing.stop(house.call(), ChangeChannel("p-1", Channel.SMS))

    with pytest.raises(FailedPrecondition) as caught:
        start(house, Channel.SMS)
    assert caught.value.reason == "CONTACT_POINT_STOPPED"


def test_a_clinician_proves_their_own_address_and_nobody_elses(house: House) -> None:
    house.reachable("dr-one", "dr-two")
    call = house.call("dr-one", Role.CLINICIAN)

    house.notify.verifying.start(call, ChangeChannel("dr-one", Channel.EMAIL))
    with pytest.raises(PermissionDenied) as caught:
        house.notify.verifying.start(call, ChangeChannel("dr-two", Channel.EMAIL))
    assert caught.value.reason == "PREFERENCES_OF_ANOTHER"


def test_two_people_at_one_address_prove_it_each_for_themselves(house: House) -> None:
    house.reachable("dr-one")
    house.register("dr-one", "ana@mail.example")
    confirm(house, start(house))

    assert verified(house, "dr-one") == set()
