"""Whom of the staff a page can reach is told to crisis before a page is needed, once per change."""

from __future__ import annotations

import re
from typing import Any

import pytest
from haven.notify.v1 import events_pb2

from chassis.call import system_call
from chassis.errors import FailedPrecondition, Unavailable
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel
from services.notify.domain.wish_commands import ChangeChannel, ConfirmCode
from services.notify.shelves.reach import REACH_DUE, STAFF_REACH
from services.notify.timers import begin_reach_looks
from tests.unit.notify.builders import NOON, after
from tests.unit.notify.house import ADDRESSES, NUMBER, TENANT, House

MAIL, TEXT, CALL, PUSH = Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.PUSH
POOL = "supervisor-pool"


@pytest.fixture
def house() -> House:
    """A house at whose staff somebody has begun to look."""
    house = House()
    begin_reach_looks(house.notify, [TENANT])
    return house


def looks(house: House, **later: float) -> None:
    """Time passes, and whoever is to be looked at is looked at."""
    house.clock.advance(after(**later) - NOON)
    for tenant_id, id in house.store.due(STAFF_REACH, REACH_DUE, limit=10):
        call = system_call(tenant_id, service="notify", action="timer.staff-reach")
        house.notify.reaching.look(call, id)


def told(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.StaffReachChanged)


def reached(house: House) -> list[str]:
    """Whom a page can reach, as it was told last."""
    looks(house, minutes=1)
    return list(told(house)[-1].recipient_ids)


def proved(house: House) -> list[str]:
    looks(house, minutes=1)
    return list(told(house)[-1].proved_recipient_ids)


def test_of_a_program_in_which_nobody_is_reached_it_is_told_that_it_is_nobody(
    house: House,
) -> None:
    looks(house)

    (event,) = told(house)
    assert list(event.recipient_ids) == list(event.proved_recipient_ids) == []
    assert event.change_time.ToDatetime(tzinfo=NOON.tzinfo) == NOON


def test_everybody_with_a_way_is_told_at_once_and_once(house: House) -> None:
    house.reachable("dr-one", POOL)
    looks(house)
    assert list(told(house)[-1].recipient_ids) == ["dr-one", POOL]

    count = len(told(house))
    looks(house, minutes=1)
    looks(house, minutes=1)
    assert len(told(house)) == count


def test_those_who_registered_before_anybody_looked_are_told_at_the_first_look() -> None:
    house = House().reachable("dr-one")
    house.store.engine.tables.pop(STAFF_REACH)

    begin_reach_looks(house.notify, [TENANT])

    assert reached(house) == ["dr-one"]


def test_a_proved_address_is_told_as_such_until_it_is_another_one(house: House) -> None:
    house.reachable("dr-one")
    assert proved(house) == []

    house.prove("dr-one", MAIL)
    assert proved(house) == ["dr-one"]

    house.register("dr-one", "new@staff.example")
    assert (reached(house), proved(house)) == (["dr-one"], [])


def test_whoever_proves_an_address_need_not_wait_for_the_next_look(house: House) -> None:
    house.reachable("dr-one")
    looks(house)
    house.notify.verifying.start(house.call(), ChangeChannel("dr-one", MAIL))
    house.time_passes()
    (code,) = re.findall(r"\b\d{6}\b", house.provider.taken[-1].body)

    command = ConfirmCode("dr-one", MAIL, code)
    house.notify.verifying.confirm(house.call(), command)
    looks(house)

    assert list(told(house)[-1].proved_recipient_ids) == ["dr-one"]


def test_an_apps_own_registration_is_proof_enough(house: House) -> None:
    house.reached_by(PUSH)

    assert proved(house) == ["dr-one"]


def test_whose_app_is_gone_is_not_reached_until_it_is_registered_anew(house: House) -> None:
    house.reached_by(PUSH)
    assert reached(house) == ["dr-one"]
    house.silence(PUSH, failure=FailedPrecondition("ADDRESS_GONE", "gone"))
    house.page()
    house.time_passes()
    assert reached(house) == []

    house.register("dr-one", "token-of-an-app-2", channel=PUSH)
    looks(house)
    assert list(told(house)[-1].recipient_ids) == ["dr-one"]


def test_whose_only_number_said_stop_is_not_reached_until_it_says_start(house: House) -> None:
    house.reached_by(TEXT)
    house.notify.inbound.take(house.call(), InboundText("twilio", "sms-1", NUMBER, "STOP"))
    assert reached(house) == []

    house.notify.inbound.take(house.call(), InboundText("twilio", "sms-2", NUMBER, "START"))
    assert reached(house) == ["dr-one"]


def test_whom_a_call_reaches_is_reached_though_texts_were_stopped(house: House) -> None:
    house.reached_by(TEXT, CALL)
    house.prove("dr-one", TEXT)
    house.notify.wishing.stop(house.call(), ChangeChannel("dr-one", TEXT))

    assert (reached(house), proved(house)) == (["dr-one"], ["dr-one"])  # one number, one proof


def test_a_channel_without_a_provider_reaches_nobody(house: House) -> None:
    house.reached_by(CALL)
    del house.providers[CALL]

    assert reached(house) == []


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("served", [True, False])
@pytest.mark.parametrize("channels", [(), (MAIL,), (TEXT,), (PUSH,), (TEXT, CALL), (MAIL, TEXT)])
def test_it_is_told_of_whomever_a_page_would_reach_and_of_nobody_else(
    house: House, channels: tuple[Channel, ...], served: bool, stopped: bool
) -> None:
    house.reached_by(*channels)
    if stopped:
        house.notify.inbound.take(house.call(), InboundText("twilio", "sms-1", NUMBER, "STOP"))
    if not served:
        house.providers.pop(MAIL)
    expected = reached(house)

    house.page("dr-one")
    house.time_passes()

    page = next(each for each in house.messages if each["is_page"])
    assert (expected == ["dr-one"]) == bool(page["attempts"])


def test_patients_are_no_staff(house: House) -> None:
    house.patient_contact("ana@mail.example")

    assert reached(house) == []


def test_each_program_hears_of_its_own_staff_alone(house: House) -> None:
    begin_reach_looks(house.notify, ["harbor", TENANT])
    house.reachable("dr-one")
    looks(house)

    said = {row.tenant_id: row.body for row in house.store.outbox()}
    kinds = {id: events_pb2.StaffReachChanged.FromString(body) for id, body in said.items()}
    assert {id: list(kind.recipient_ids) for id, kind in kinds.items()} == {
        "harbor": [],
        TENANT: ["dr-one"],
    }


def test_a_later_word_has_a_later_version(house: House) -> None:
    for channel in (MAIL, PUSH):
        house.register(f"dr-{channel}", ADDRESSES[channel], channel=channel)
        looks(house, minutes=1)
        looks(house, minutes=1)

    versions = [row.aggregate_version for row in house.store.outbox()]
    assert versions == sorted({*versions})
    assert len(versions) == 2


def test_looking_again_and_again_leaves_nothing_in_the_trail(house: House) -> None:
    before = len(house.store.documents("audit_entries"))
    for _ in range(3):
        looks(house, minutes=1)

    assert len(house.store.documents("audit_entries")) == before


def test_two_relays_that_begin_look_at_a_program_once(house: House) -> None:
    looks(house)
    (before,) = house.store.documents(STAFF_REACH)
    begin_reach_looks(house.notify, [TENANT])

    assert house.store.documents(STAFF_REACH) == [before]


def test_a_relay_starts_though_the_database_is_away(house: House) -> None:
    def is_away(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    house.store.transact = is_away

    begin_reach_looks(house.notify, [TENANT])
