"""No text is filed away unread; its words are shown to whoever must read them, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from haven.notify.v1 import events_pb2, notify_pb2

from chassis.call import Role
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound
from services.notify.codec import inbound as codec
from services.notify.domain.commands import RevealText
from services.notify.domain.message import Channel
from tests.unit.notify.house import TENANT, House
from tests.unit.notify.test_inbound import ANA, STRANGER, known, text

LEE = "+15555550101"
WORDS = "the heron stands in the reeds again"


@pytest.fixture
def house() -> House:
    house = House()
    known(house, "p-1", ANA)
    return house


def reviews(house: House) -> list[str]:
    """About whom a human is asked to read something."""
    return [each.patient_id for each in house.store.emitted(events_pb2.InboundReviewRequested)]


def risks(house: House) -> list[Any]:
    return house.store.emitted(events_pb2.InboundRiskRaised)


def only_text(house: House) -> dict[str, Any]:
    (entry,) = house.store.documents("inbound_texts")
    return entry


def read(house: House, inbound_id: str, *, tenant_id: str = TENANT) -> Any:
    """A clinician reads it."""
    call = house.call("dr-one", Role.CLINICIAN, tenant_id=tenant_id)
    found = house.notify.queries.inbound_text(call, RevealText(inbound_id, "text_review"))
    return codec.get_text(found).inbound_text


def test_a_text_that_no_rule_understands_is_read_by_a_human(house: House) -> None:
    text(house, WORDS)

    (event,) = house.store.emitted(events_pb2.InboundReviewRequested)
    assert (event.patient_id, event.inbound_id) == ("p-1", only_text(house)["_id"])
    assert risks(house) == []


def test_a_text_that_worries_goes_to_a_case_and_not_to_the_list(house: House) -> None:
    text(house, "I want to die")

    assert (len(risks(house)), reviews(house)) == (1, [])


def test_a_strangers_text_is_read_too(house: House) -> None:
    text(house, WORDS, by=STRANGER)

    assert reviews(house) == [""]


def test_letters_that_no_rule_can_read_are_read_by_a_human_whoever_wrote_them(
    house: House,
) -> None:
    text(house, "我不想活了", by=STRANGER)

    assert (risks(house), reviews(house)) == ([], [""])


def test_of_a_shared_number_everybody_may_have_written_it(house: House) -> None:
    known(house, "p-2", ANA)
    text(house, WORDS)

    assert reviews(house) == ["p-1", "p-2"]
    events = house.store.emitted(events_pb2.InboundReviewRequested)
    assert len({each.inbound_review_id for each in events}) == 2


def test_the_same_text_handed_over_again_is_read_once(house: House) -> None:
    for _ in range(10):
        text(house, WORDS, id="sms-1")

    assert reviews(house) == ["p-1"]


@pytest.mark.parametrize("words", ["STOP", "stop, please", "START", "ALTO", "123456", " 123456 "])
def test_a_keyword_and_a_code_need_no_reader(house: House, words: Any) -> None:
    text(house, words)

    assert reviews(house) == []


def test_help_by_a_patient_is_a_case_and_by_a_stranger_is_answered(house: House) -> None:
    text(house, "HELP")
    text(house, "HELP", by=STRANGER)

    assert (len(risks(house)), reviews(house)) == (1, [])


@pytest.mark.parametrize("words", ["please stop texting me", "stop texting me. the reeds grow"])
def test_a_stop_in_other_words_is_acted_upon_and_read(house: House, words: Any) -> None:
    text(house, words)

    assert only_text(house)["wish"] == "stop"
    assert reviews(house) == ["p-1"]


@pytest.mark.parametrize("words", ["", "  ", "👍", "12:30", "12345", "1"])
def test_what_holds_no_words_is_looked_at(house: House, words: Any) -> None:
    text(house, words)

    assert reviews(house) == ["p-1"]


def test_an_answer_to_a_page_needs_no_reader_however_late_or_unclear() -> None:
    house = House()
    house.register("dr-lee", LEE, channel=Channel.SMS)
    text(house, "1", by=LEE)
    house.page("dr-lee")
    text(house, "ok on it", by=LEE)
    text(house, "1", by=LEE)

    assert reviews(house) == []


def test_what_staff_write_that_answers_no_page_is_read() -> None:
    house = House()
    house.register("dr-lee", LEE, channel=Channel.SMS)
    text(house, WORDS, by=LEE)

    assert reviews(house) == [""]


def test_what_is_unclear_from_a_number_that_is_a_patients_too_is_read(house: House) -> None:
    house.register("dr-lee", ANA, channel=Channel.SMS)
    house.page("dr-lee")
    text(house, WORDS)

    assert reviews(house) == ["p-1"]


def test_a_clinician_reads_the_words_and_what_the_rules_made_of_them(house: House) -> None:
    text(house, "No puedo más, me quiero morir")
    shown = read(house, only_text(house)["_id"])

    assert shown.words == "No puedo más, me quiero morir"
    assert (shown.severity, "suicide" in shown.findings) == (events_pb2.INBOUND_SEVERITY_HIGH, True)
    assert list(shown.patient_ids) == ["p-1"]
    assert not shown.is_review_requested


def test_a_clinician_reads_what_no_rule_understood(house: House) -> None:
    text(house, WORDS)
    shown = read(house, only_text(house)["_id"])

    assert (shown.words, list(shown.findings)) == (WORDS, [])
    assert shown.severity == events_pb2.INBOUND_SEVERITY_UNSPECIFIED
    assert shown.is_review_requested


def test_every_reading_is_in_the_trail_of_everybody_who_may_have_written_it(house: House) -> None:
    known(house, "p-2", ANA)
    text(house, WORDS)
    inbound_id = only_text(house)["_id"]
    read(house, inbound_id)

    rows = [
        row for row in house.store.documents("audit_entries") if row["purpose"] == "text_review"
    ]
    assert {(row["actor_id"], row["patient_id"]) for row in rows} >= {
        ("dr-one", "p-1"),
        ("dr-one", "p-2"),
    }
    assert all(inbound_id in row["resource_ids"] for row in rows)


def test_a_text_of_another_tenant_does_not_exist(house: House) -> None:
    text(house, WORDS)
    for inbound_id in (only_text(house)["_id"], "nothing"):
        with pytest.raises(NotFound):
            read(house, inbound_id, tenant_id="harbor")


def test_words_that_cannot_be_decrypted_are_refused_by_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> str:
        raise FailedPrecondition("CIPHERTEXT_INVALID", "cannot be decrypted")

    text(house, WORDS)
    monkeypatch.setattr(house.cipher, "reveal", lost)
    with pytest.raises(FailedPrecondition) as refused:
        read(house, only_text(house)["_id"])

    assert "heron" not in str(refused.value)


def test_nobody_reads_without_saying_why() -> None:
    with pytest.raises(InvalidArgument):
        codec.reveal_text(notify_pb2.GetInboundTextRequest(inbound_id="t-1"))


def test_words_are_in_no_event_and_in_no_repr(house: House, caplog: Any) -> None:
    text(house, WORDS)
    text(house, WORDS + " I want to die")
    call = house.call("dr-one", Role.CLINICIAN)
    for entry in house.store.documents("inbound_texts"):
        found = house.notify.queries.inbound_text(call, RevealText(entry["_id"], "text_review"))
        assert "heron" not in repr(found)

    assert "heron" not in str([row.body for row in house.store.outbox()])
    assert "heron" not in caplog.text


@pytest.mark.parametrize("name", ["InboundReviewRequested", "InboundRiskRaised"])
def test_no_event_has_a_place_for_words(name: str) -> None:
    fields = events_pb2.DESCRIPTOR.message_types_by_name[name].fields
    texts = {each.name for each in fields if each.type == FieldDescriptor.TYPE_STRING}

    assert all(each.endswith(("_id", "_key")) for each in texts)
