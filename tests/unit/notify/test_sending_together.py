"""Messages that leave together share their transactions, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.call import Call, system_call
from chassis.errors import Aborted, FailedPrecondition, HavenError, Unavailable
from chassis.store import Tx
from services.notify.codec.documents import DUE_FIELDS
from services.notify.domain.message import Channel, MessageClass
from services.notify.handlers.sending import CLAIM
from services.notify.store import MESSAGES
from tests.unit.notify.builders import NOON
from tests.unit.notify.house import NUMBER, TENANT, House

CLINICAL_DUE = DUE_FIELDS[MessageClass.CLINICAL]
STAFF = tuple(f"dr-{number}" for number in range(5))


@pytest.fixture
def house() -> House:
    """Five members of staff, each with something overdue."""
    house = House().reachable(*STAFF)
    for recipient_id in STAFF:
        overdue(house, recipient_id)
    return house


def overdue(house: House, recipient_id: str) -> None:
    event = crisis_pb2.FollowUpMissed(follow_up_id=recipient_id, recipient_id=recipient_id)
    event.miss_time.FromDatetime(NOON)
    house.hear(event)


def due(house: House) -> list[str]:
    return [id for _, id in house.store.due(MESSAGES, CLINICAL_DUE, limit=100)]


def leave(house: House, *ids: str) -> Mapping[str, Exception]:
    """All that are due, or these; what failed."""
    call = system_call(TENANT, service="notify", action="timer.other-messages")
    return house.notify.sending_together.send(call, ids or due(house))


def transactions(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The calls of every transaction from now on."""
    calls, transact = list[Call](), house.store.transact

    def counted(call: Call, fn: Callable[[Tx], Any], **ahead: Any) -> Any:
        calls.append(call)
        return transact(call, fn, **ahead)

    monkeypatch.setattr(house.store, "transact", counted)
    return calls


def test_all_are_claimed_in_one_transaction_and_answered_for_in_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = transactions(house, monkeypatch)

    assert leave(house) == {}
    assert house.states == ["delivered"] * 5
    assert sorted(house.reached) == [f"{each}@staff.example" for each in STAFF]
    assert len(calls) == 2


def test_the_same_again_sends_nothing_twice(house: House) -> None:
    ids = due(house)
    leave(house, *ids)

    assert leave(house, *ids) == {}
    assert len(house.reached) == 5


def test_one_that_nobody_can_read_does_not_hold_up_the_others(house: House) -> None:
    unreadable = due(house)[2]
    house.store.engine.tables[MESSAGES][unreadable]["schema"] = 99  # type: ignore[attr-defined]

    failed = leave(house)
    assert {id: type(error).__name__ for id, error in failed.items()} == {unreadable: "Internal"}
    assert sorted(house.states) == ["accepted"] + ["delivered"] * 4


def test_a_claim_that_lost_a_race_is_made_again_by_each_for_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(house, monkeypatch, 1, Aborted("STALE_VERSION"))

    assert leave(house) == {}
    assert (house.states, len(house.reached)) == (["delivered"] * 5, 5)


def test_answers_that_lost_a_race_are_given_by_each_for_itself_and_nothing_is_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(house, monkeypatch, 2, Aborted("STALE_VERSION"))

    assert leave(house) == {}
    assert (house.states, len(house.reached)) == (["delivered"] * 5, 5)


@pytest.mark.parametrize("number", [1, 2])
def test_a_database_that_is_away_is_not_asked_for_each(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    ids = due(house)
    asked = lose(house, monkeypatch, number, Unavailable("STORE_UNAVAILABLE"))

    failed = leave(house)
    assert failed.keys() == {*ids}
    assert {type(error) for error in failed.values()} == {Unavailable}
    assert len(asked) == number


def test_messages_whose_answer_was_lost_go_again_under_the_same_key_when_the_claim_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(house, monkeypatch, 2, Unavailable("STORE_UNAVAILABLE"))
    leave(house)
    assert due(house) == []
    house.time_passes(seconds=CLAIM.total_seconds())

    assert house.states == ["delivered"] * 5
    keys = [mail.message_id for mail in house.provider.taken]
    assert sorted(keys) == sorted([*{*keys}] * 2)


def test_each_is_answered_for_as_its_own_attempt_went(house: House) -> None:
    send = house.provider.send
    house.provider.send = (  # type: ignore[method-assign]
        lambda dispatch: refuse() if "dr-3" in dispatch.address else send(dispatch)
    )

    assert leave(house) == {}
    states = {each["recipient_id"]: (each["state"], each["reason"]) for each in house.messages}
    assert states.pop("dr-3") == ("failed_final", "ADDRESS_REFUSED")
    assert {*states.values()} == {("delivered", "")}


def test_the_cap_of_a_day_holds_among_those_that_leave_together() -> None:
    house = House(nudge_lifetime_seconds=3 * 86_400)
    ciphertext = house.cipher.encrypt(TENANT, NUMBER)
    house.hear(
        intake_pb2.PatientContactRecorded(
            patient_id="p-1", phone_ciphertext=ciphertext, time_zone="UTC"
        )
    )
    house.prove("p-1", Channel.SMS)
    for session_id in ("s-1", "s-2"):
        house.absence(session_id)

    assert leave(house) == {}
    assert sorted(house.states) == ["accepted", "handed_over"]
    assert len(house.texter.taken) == 1
    house.time_passes(days=1)
    assert len(house.texter.taken) == 2


def test_what_is_no_longer_wanted_does_not_leave_with_the_others(house: House) -> None:
    house.patient_contact("ana@mail.example")
    house.absence()
    house.revoked("messaging")

    assert leave(house) == {}
    assert sorted(house.states) == ["delivered"] * 5 + ["withdrawn"]
    assert "ana@mail.example" not in house.reached


def refuse() -> Any:
    raise FailedPrecondition("ADDRESS_REFUSED")


def lose(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int, error: HavenError
) -> list[Call]:
    """The transaction of that number fails, after all that it did; the calls of all."""
    calls, transact = list[Call](), house.store.transact

    def failing(call: Call, fn: Callable[[Tx], Any], **ahead: Any) -> Any:
        calls.append(call)
        if len(calls) != number:
            return transact(call, fn, **ahead)

        def fail(tx: Tx) -> Any:
            fn(tx)
            raise error

        return transact(call, fail)

    monkeypatch.setattr(house.store, "transact", failing)
    return calls
