"""A text comes in: it is heard, it brings somebody where it must, and it learns nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2
from prometheus_client import REGISTRY

from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.settings import SettingsError
from chassis.tenants import Tenants
from services.notify.bootstrap import _numbers
from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel
from services.notify.domain.wish_commands import ChangeChannel
from services.notify.shelves.inbound import MongoInboundBook
from tests.unit.notify.house import TENANT, House

ANA, STRANGER, LEE = "+15555550100", "+15555550199", "+15555550101"
OURS = "+15555550000"


@pytest.fixture
def house() -> House:
    house = House(consent=ConsentPolicy(receiving_numbers=(OURS,), help_phone="+1 555 555 0111"))
    known(house, "p-1", ANA)
    return house


def known(house: House, patient_id: str, number: str, tenant_id: str = TENANT) -> None:
    """Intake told of a patient's number."""
    event = intake_pb2.PatientContactRecorded(
        patient_id=patient_id,
        phone_ciphertext=house.cipher.encrypt(tenant_id, number),
        time_zone="UTC",
    )
    house.hear(event, tenant_id=tenant_id)


def text(house: House, words: str, *, by: str = ANA, id: str = "", tenant_id: str = TENANT) -> None:
    """Somebody writes, and what is due then goes out."""
    incoming = InboundText("twilio", id or new_id(), by, words)
    house.notify.inbound.take(house.call(tenant_id=tenant_id), incoming)
    house.time_passes()


def replies(house: House) -> list[tuple[str, str]]:
    """To whom, and the first words."""
    return [(each.address, each.body) for each in house.texter.taken]


def raised(house: House) -> list[tuple[str, int]]:
    events = house.store.emitted(events_pb2.InboundRiskRaised)
    return [(event.patient_id, event.severity) for event in events]


def test_a_stop_is_confirmed_once_and_then_there_is_silence(house: House) -> None:
    for words in ("STOP", "stop", "please stop texting me"):
        text(house, words)

    ((to, body),) = replies(house)
    assert to == ANA
    assert body.startswith("You will get no more text messages")


def test_a_stop_its_text_and_its_confirmation_are_kept_together_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(MongoInboundBook, "insert", killed)
        with pytest.raises(Killed):
            text(house, "STOP", id="sms-1")
    kept = ("inbound_texts", "stops", "messages", "enclosures")
    assert [house.store.documents(each) for each in kept] == [[], [], [], []]

    text(house, "STOP", id="sms-1")
    assert [len(house.store.documents(each)) for each in kept] == [1, 1, 1, 1]


def test_a_stop_holds_for_what_was_waiting(house: House) -> None:
    text(house, "STOP")
    view = house.notify.wishing.get(house.call(), "p-1")

    assert set(view.stopped) == {Channel.SMS}


def test_a_confirmation_that_cannot_leave_within_five_minutes_does_not_leave(house: House) -> None:
    incoming = InboundText("twilio", "m-1", ANA, "STOP")
    house.notify.inbound.take(house.call(), incoming)
    house.time_passes(minutes=5)

    assert (replies(house), house.states) == ([], ["failed_final"])


def test_a_stop_at_night_is_confirmed_at_night(house: House) -> None:
    house.clock.advance(timedelta(hours=14))
    text(house, "ALTO")

    ((_, body),) = replies(house)
    assert body.startswith("No recibirá más mensajes")


def test_start_brings_texts_back_and_takes_back_what_staff_were_told(house: House) -> None:
    house.notify.wishing.stop(house.call(), ChangeChannel("p-1", Channel.SMS))
    text(house, "START")

    assert set(house.notify.wishing.get(house.call(), "p-1").stopped) == set()
    assert [body[:19] for _, body in replies(house)] == ["You will get text m"]


def test_start_from_a_number_that_never_stopped_says_nothing(house: House) -> None:
    text(house, "START")

    assert replies(house) == []


def test_a_stop_concerns_one_number_of_one_tenant(house: House) -> None:
    known(house, "p-2", STRANGER)
    known(house, "p-1", ANA, "harbor")
    text(house, "STOP")

    assert set(house.notify.wishing.get(house.call(), "p-2").stopped) == set()
    theirs = house.notify.wishing.get(house.call(tenant_id="harbor"), "p-1")
    assert set(theirs.stopped) == set()


def test_help_says_whom_to_call_even_after_stop_but_not_without_end(house: House) -> None:
    text(house, "STOP")
    for _ in range(5):
        text(house, "HELP")

    assert [body[:10] for _, body in replies(house)] == ["You will g", "Questions:"]


def test_a_text_that_a_provider_hands_over_again_has_one_effect(house: House) -> None:
    for _ in range(100):
        text(house, "I want to die", id="sms-1")

    assert raised(house) == [("p-1", events_pb2.INBOUND_SEVERITY_HIGH)]
    assert len(house.store.documents("inbound_texts")) == 1


def test_a_text_that_worries_brings_somebody_to_its_patient(house: House) -> None:
    text(house, "no quiero vivir")

    (event,) = house.store.emitted(events_pb2.InboundRiskRaised)
    (entry,) = house.store.documents("inbound_texts")
    assert (event.patient_id, event.inbound_id) == ("p-1", entry["_id"])
    assert event.severity == events_pb2.INBOUND_SEVERITY_MODERATE
    assert house.cipher.reveal(TENANT, event.sender_ciphertext) == ANA


def test_who_says_stop_and_worse_is_heard_in_both(house: House) -> None:
    text(house, "stop texting me. I am going to kill myself")

    assert raised(house) == [("p-1", events_pb2.INBOUND_SEVERITY_HIGH)]
    assert [body[:19] for _, body in replies(house)] == ["You will get no mor"]


def test_whoever_may_have_written_from_a_shared_number_is_looked_after(house: House) -> None:
    known(house, "p-2", ANA)
    text(house, "I relapsed")

    assert [patient for patient, _ in raised(house)] == ["p-1", "p-2"]
    ids = [each.inbound_risk_id for each in house.store.emitted(events_pb2.InboundRiskRaised)]
    assert len(set(ids)) == 2


def test_a_stranger_in_danger_is_raised_without_a_name(house: House) -> None:
    text(house, "I want to kill myself", by=STRANGER)

    assert raised(house) == [("", events_pb2.INBOUND_SEVERITY_HIGH)]


def test_a_bare_help_of_a_patient_is_looked_after_and_a_strangers_is_answered(house: House) -> None:
    text(house, "HELP")
    text(house, "HELP", by=STRANGER)

    assert raised(house) == [("p-1", events_pb2.INBOUND_SEVERITY_LOW)]


def test_a_stranger_is_told_of_988_once_a_day(house: House) -> None:
    for _ in range(3):
        text(house, "hello?", by=STRANGER)
    house.time_passes(hours=24)
    text(house, "hello again", by=STRANGER)

    assert [to for to, _ in replies(house)] == [STRANGER, STRANGER]
    assert all("988" in body for _, body in replies(house))


def test_a_patient_who_writes_of_every_day_gets_no_answer(house: House) -> None:
    text(house, "running late")

    assert (replies(house), raised(house)) == ([], [])


def test_a_patient_in_danger_is_told_of_988_too(house: House) -> None:
    text(house, "I want to die")

    ((to, body),) = replies(house)
    assert (to, "988" in body) == (ANA, True)


@pytest.mark.parametrize(
    "words", ["hello?", "STOP", "HELP", "I want to die", "hola, necesito ayuda"]
)
def test_a_number_learns_nothing_of_where_else_it_is_known(words: Any) -> None:
    said = []
    for setting in ("nowhere", "elsewhere"):
        house = House(consent=ConsentPolicy(help_phone="+1 555 555 0111"))
        if setting == "elsewhere":
            known(house, "p-1", STRANGER, "harbor")
            house.notify.wishing.stop(
                house.call(tenant_id="harbor"), ChangeChannel("p-1", Channel.SMS)
            )
        text(house, words, by=STRANGER)
        said.append(replies(house))

    assert said[0] == said[1] != []


def test_an_answer_in_danger_is_the_same_for_a_patient_and_a_stranger(house: House) -> None:
    text(house, "me quiero morir")
    text(house, "me quiero morir", by=STRANGER)

    assert len({body for _, body in replies(house)}) == 1
    assert "llame o escriba al 988" in replies(house)[0][1]


def test_a_sender_that_is_no_number_is_heard_and_not_answered(house: House) -> None:
    text(house, "I want to die", by="28849")

    assert (raised(house), replies(house)) == ([("", 3)], [])


def test_words_and_numbers_rest_as_ciphertext_alone(house: House) -> None:
    text(house, "nobody would miss me")
    (entry,) = house.store.documents("inbound_texts")

    sealed = {name: entry.pop(name) for name in ("text_ciphertext", "sender_ciphertext")}
    assert "miss" not in str(entry)
    assert ANA not in str(entry)
    assert sealed["text_ciphertext"] == house.cipher.encrypt(TENANT, "nobody would miss me")
    assert "miss" not in str([row.body for row in house.store.outbox()])


def test_a_text_by_staff_may_answer_a_page_and_is_heard_like_any_other() -> None:
    house = House()
    house.register("dr-lee", LEE, channel=Channel.SMS)
    house.page("dr-lee")
    text(house, "1", by=LEE)
    text(house, "the patient wants to die", by=LEE)

    assert [told.recipient_id for told in house.answered] == ["dr-lee"]
    assert raised(house) == [("", events_pb2.INBOUND_SEVERITY_HIGH)]


def test_texts_are_counted_without_a_word_of_them(house: House) -> None:
    labels = {"sender": "patient", "wish": "stop"}
    before = REGISTRY.get_sample_value("haven_notify_inbound_texts_total", labels)
    text(house, "STOP")

    assert REGISTRY.get_sample_value("haven_notify_inbound_texts_total", labels) == before + 1


def test_a_number_belongs_to_one_tenant() -> None:
    sections = {"river": {"notify": {"consent": {"receiving_numbers": [OURS]}}}, "harbor": {}}

    assert _numbers(Tenants(sections)) == {OURS: "river"}
    with pytest.raises(SettingsError):
        _numbers(Tenants({**sections, "harbor": sections["river"]}))


def test_a_number_that_is_nobodys_has_no_tenant(house: House) -> None:
    with pytest.raises(NotFound) as caught:
        house.notify.tenant_of_number(OURS)

    assert caught.value.reason == "NUMBER_UNKNOWN"
