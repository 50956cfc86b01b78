"""People say in which language, by which channels and when; and stop what they do not want."""

from __future__ import annotations

from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import preferences_pb2, resources_pb2

from chassis.call import Role
from chassis.errors import HavenError, InvalidArgument
from chassis.store import etag_of
from services.notify.codec import preferences as codec
from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel
from services.notify.domain.wish_commands import ChangeChannel, PutPreferences, WishesView
from services.notify.domain.wording import Language
from tests.unit.notify.house import TENANT, House

EVENINGS = Hours(17 * 60, 20 * 60)


@pytest.fixture
def house() -> House:
    house = House()
    for patient_id in ("p-1", "p-2"):
        event = intake_pb2.PatientContactRecorded(
            patient_id=patient_id,
            email_ciphertext=house.cipher.encrypt(TENANT, f"{patient_id}@mail.example"),
            phone_ciphertext=house.cipher.encrypt(TENANT, "+15555550100"),
            time_zone="UTC",
        )
        house.hear(event)
    return house


def put(house: House, **changes: Any) -> WishesView:
    values: dict[str, Any] = {
        "recipient_id": "p-1",
        "language": Language.SPANISH,
        "channels": frozenset({Channel.EMAIL}),
        "hours": EVENINGS,
        "etag": "",
    }
    return house.notify.wishing.put(house.call(), PutPreferences(**{**values, **changes}))


def change(house: House, verb: str, channel: Channel, *, by: str = "boss") -> WishesView:
    act = getattr(house.notify.wishing, verb)
    return act(house.call(by, Role.PATIENT), ChangeChannel("p-1", channel))


def stopped(house: House, recipient_id: str = "p-1") -> set[Channel]:
    return set(house.notify.wishing.get(house.call(), recipient_id).stopped)


def refused(act: Any) -> str:
    with pytest.raises(HavenError) as caught:
        act()
    return caught.value.reason


def test_who_never_said_anything_has_the_defaults(house: House) -> None:
    view = house.notify.wishing.get(house.call(), "p-1")

    assert (view.preferences.language, view.preferences.hours) == (Language.ENGLISH, None)
    assert (view.preferences.channels, view.stopped) == (frozenset(), frozenset())


def test_what_is_put_is_kept(house: House) -> None:
    put(house)
    kept = house.notify.wishing.get(house.call(), "p-1").preferences

    assert (kept.language, kept.hours) == (Language.SPANISH, EVENINGS)
    assert kept.channels == {Channel.EMAIL}


def test_a_stale_etag_is_refused(house: House) -> None:
    seen = etag_of(house.notify.wishing.get(house.call(), "p-1").preferences)
    put(house, etag=seen)

    assert refused(lambda: put(house, etag=seen)) == "ETAG_STALE"


def test_somebody_whom_nobody_knows_has_no_wishes(house: House) -> None:
    assert refused(lambda: house.notify.wishing.get(house.call(), "p-9")) == "NOT_FOUND"


def test_a_stop_survives_new_preferences(house: House) -> None:
    change(house, "stop", Channel.EMAIL)
    put(house)

    assert stopped(house) == {Channel.EMAIL}


def test_stopping_twice_is_stopping_once(house: House) -> None:
    for _ in range(2):
        change(house, "stop", Channel.SMS)

    assert stopped(house) == {Channel.SMS}


def test_a_number_that_is_stopped_is_stopped_for_everybody_who_has_it(house: House) -> None:
    change(house, "stop", Channel.SMS)

    assert stopped(house, "p-2") == {Channel.SMS}


def test_stopping_mails_stops_nobody_elses(house: House) -> None:
    change(house, "stop", Channel.EMAIL)

    assert stopped(house, "p-2") == set()


def test_only_its_owner_takes_a_stop_back(house: House) -> None:
    change(house, "stop", Channel.EMAIL)

    assert refused(lambda: change(house, "resume", Channel.EMAIL, by="boss")) == (
        "PREFERENCES_OF_ANOTHER"
    )
    change(house, "resume", Channel.EMAIL, by="p-1")
    assert stopped(house) == set()


def test_a_stopped_number_is_started_from_its_own_telephone(house: House) -> None:
    change(house, "stop", Channel.SMS)

    assert refused(lambda: change(house, "resume", Channel.SMS, by="p-1")) == "START_REQUIRED"


def test_wishes_travel_to_the_wire_and_back(house: House) -> None:
    told = codec.put_answer(put(house)).preferences
    request = preferences_pb2.PutPreferencesRequest(
        recipient_id=told.recipient_id,
        language=told.language,
        channels=told.channels,
        hours=told.hours,
    )
    command = codec.put_preferences(request)

    assert (command.language, command.hours) == (Language.SPANISH, EVENINGS)
    assert command.channels == {Channel.EMAIL}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient_id": ""}, "recipient_id"),
        ({"language": preferences_pb2.LANGUAGE_UNSPECIFIED}, "language"),
        ({"channels": [resources_pb2.CHANNEL_UNSPECIFIED]}, "channels[0]"),
        ({"hours": {"start_minute": -1, "end_minute": 60}}, "hours.start_minute"),
        ({"hours": {"start_minute": 600, "end_minute": 600}}, "hours.end_minute"),
        ({"hours": {"start_minute": 600, "end_minute": 1441}}, "hours.end_minute"),
    ],
)
def test_a_wish_at_fault_names_its_field(changes: Any, field: Any) -> None:
    good = {"recipient_id": "p-1", "language": preferences_pb2.LANGUAGE_ENGLISH}

    with pytest.raises(InvalidArgument) as caught:
        codec.put_preferences(preferences_pb2.PutPreferencesRequest(**{**good, **changes}))
    assert [each.field for each in caught.value.violations] == [field]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_a_code_is_six_digits(code: Any) -> None:
    request = preferences_pb2.ConfirmVerificationRequest(
        recipient_id="p-1", channel=resources_pb2.CHANNEL_SMS, code=code
    )

    with pytest.raises(InvalidArgument):
        codec.confirm_verification(request)


def test_a_code_may_be_typed_with_a_space() -> None:
    request = preferences_pb2.ConfirmVerificationRequest(
        recipient_id="p-1", channel=resources_pb2.CHANNEL_SMS, code=" 123 456 "
    )

    assert codec.confirm_verification(request).code == "123456"


@pytest.mark.parametrize("channel", [resources_pb2.CHANNEL_PUSH, resources_pb2.CHANNEL_WEBHOOK])
def test_what_is_proved_otherwise_takes_no_code(channel: Any) -> None:
    request = preferences_pb2.StartVerificationRequest(recipient_id="p-1", channel=channel)

    with pytest.raises(InvalidArgument):
        codec.start_verification(request)
