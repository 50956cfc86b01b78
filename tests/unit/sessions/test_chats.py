"""What a patient says in a room is kept whatever it is, and where it worries somebody is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from haven.sessions.v1 import events_pb2 as sessions
from prometheus_client import REGISTRY

from chassis.call import Call, RequestOnce, Role
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.store import AlreadyAnswered
from clinical import risk
from services.sessions.codec import frames
from services.sessions.codec.events import message_of
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Lead, Say
from tests.unit.sessions.builders import NOON
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

WORRYING = "I want to kill myself"


@pytest.fixture
def ward() -> Ward:
    """An open room with two patients and its facilitator."""
    ward = Ward()
    ward.opens()
    for call in (by_patient("p-1"), by_patient("p-2"), by_facilitator()):
        ward.enters(call)
    return ward


def raised(ward: Ward) -> list[sessions.ChatRiskRaised]:
    return ward.store.emitted(sessions.ChatRiskRaised)


def told(ward: Ward, person_id: str = "f-1") -> list[ChatRisk]:
    return [each.about for each in ward.private(person_id) if isinstance(each.about, ChatRisk)]


def test_words_that_worry_are_told_to_crisis_with_the_place(ward: Ward) -> None:
    number = ward.says(by_patient(), WORRYING)

    (event,) = raised(ward)
    assert (event.session_id, event.patient_id, event.number) == ("s-1", "p-1", number)
    assert event.severity == sessions.CHAT_RISK_SEVERITY_HIGH
    assert event.location_id == event.location.location_id != ""
    assert event.location.state == "VA"


def test_no_event_and_no_private_log_has_the_words(ward: Ward) -> None:
    ward.says(by_patient(), WORRYING)

    (event,) = raised(ward)
    assert "kill" not in str(event)
    for collection in ("private_events", "chat_risks", "audit_entries"):
        assert "kill" not in str(ward.store.documents(collection))


def test_the_facilitator_is_told_whose_message_it_was_and_nobody_else_is(ward: Ward) -> None:
    number = ward.says(by_patient(), WORRYING)

    (private,) = ward.private("f-1")
    frame = frames.private_event(private, call_number="988", for_staff=True).private_event
    assert (frame.chat_risk.alias, frame.chat_risk.number) == ("Blue Heron 4", number)
    assert (frame.chat_risk.session_id, frame.number) == ("s-1", 1)
    assert frame.chat_risk.severity == sessions.CHAT_RISK_SEVERITY_HIGH
    assert ward.private("p-1") == ward.private("p-2") == []


def test_the_room_shows_the_message_and_nothing_of_the_worry(ward: Ward) -> None:
    before = len(ward.room())
    ward.says(by_patient(), WORRYING)

    (event,) = ward.room(after=before)
    assert (event.text, event.number, event.kind.value) == (WORRYING, before + 1, "chat")


def test_everyday_words_are_told_to_nobody(ward: Ward) -> None:
    ward.says(by_patient(), "good morning everybody")

    assert (raised(ward), told(ward)) == ([], [])


def test_a_facilitators_own_words_are_no_patients(ward: Ward) -> None:
    ward.says(by_facilitator(), "who of you has thought of suicide?")
    ward.says(a_call("f-1", Role.SUPERVISOR), WORRYING)

    assert (raised(ward), told(ward)) == ([], [])


def test_a_message_that_comes_three_times_worries_once(ward: Ward) -> None:
    def once(call: Call) -> Call:
        return replace(
            call, once=RequestOnce("r-1", "room.chat/s-1", b"f", lambda event: b"%d" % event.number)
        )

    ward.sessions.chats.say(once(by_patient()), Say("s-1", WORRYING))
    for _ in range(2):
        with pytest.raises(AlreadyAnswered):
            ward.sessions.chats.say(once(by_patient()), Say("s-1", WORRYING))

    assert (len(raised(ward)), len(told(ward))) == (1, 1)


def test_two_messages_are_two_facts(ward: Ward) -> None:
    ward.says(by_patient(), WORRYING)
    ward.says(by_patient(), WORRYING)

    assert len({event.chat_risk_id for event in raised(ward)}) == 2


def test_a_patient_who_never_said_where_they_are_is_told_of_without_a_place() -> None:
    worry = ChatRisk("c-1", "s-1", "p-1", risk.Severity.LOW, 7, NOON)
    worry.tell(None)
    message: Any = message_of(worry.events[0])

    assert (message.location_id, message.HasField("location")) == ("", False)


def test_letters_that_no_rule_can_read_are_looked_at(ward: Ward) -> None:
    ward.says(by_patient(), "не хочу жить")

    assert [event.severity for event in raised(ward)] == [sessions.CHAT_RISK_SEVERITY_LOW]


def test_a_text_longer_than_the_rules_read_is_kept_and_looked_at() -> None:
    ward = Ward(numbers={"text_length": 20_000})
    ward.opens()
    ward.enters(by_patient())
    long = "good " * 3_000
    number = ward.says(by_patient(), long)

    assert ward.room(after=number - 1)[0].text == long
    assert len(raised(ward)) == 1


def test_rules_that_fail_lose_no_message_and_raise_the_worst(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(risk, "readings", failing)
    before = REGISTRY.get_sample_value("haven_sessions_chat_unassessed_total") or 0
    number = ward.says(by_patient(), "good morning")

    assert ward.room(after=number - 1)[0].text == "good morning"
    assert [event.severity for event in raised(ward)] == [sessions.CHAT_RISK_SEVERITY_HIGH]
    assert REGISTRY.get_sample_value("haven_sessions_chat_unassessed_total") == before + 1


def test_a_worry_is_on_the_patients_record_and_ordinary_speech_adds_no_row(ward: Ward) -> None:
    rows = len(ward.store.documents("audit_entries"))
    ward.says(by_patient(), "good morning")
    assert len(ward.store.documents("audit_entries")) == rows

    ward.says(by_patient(), WORRYING)
    (row,) = ward.store.documents("audit_entries")[rows:]
    assert (row["action"], row["patient_id"]) == ("chat-risk.raise", "p-1")


def test_worries_are_counted_by_severity_alone(ward: Ward) -> None:
    def counted() -> float:
        labels = {"severity": "high"}
        return REGISTRY.get_sample_value("haven_sessions_chat_risks_total", labels) or 0

    before = counted()
    ward.says(by_patient(), WORRYING)
    assert counted() == before + 1


def test_every_message_has_a_key_of_its_own_across_rooms(ward: Ward) -> None:
    ward.schedules(session_id="s-2", group_id=f"g-{uuid4()}")
    ward.says(by_patient(), WORRYING)
    (event,) = raised(ward)
    (document,) = ward.store.documents("chat_risks")

    assert document["_id"] == event.chat_risk_id
    assert set(document) >= {"session_id", "patient_id", "severity", "number", "raise_time"}
    assert "text" not in document


@pytest.mark.parametrize(
    ("text", "reason"),
    [(f"{WORRYING} {'because ' * 400}", "TEXT_TOO_LONG"), (f"{WORRYING}\x00", "TEXT_MALFORMED")],
)
def test_a_refused_message_that_worries_is_told_once_and_is_not_in_the_room(
    ward: Ward, text: str, reason: str
) -> None:
    before = ward.room()
    call = replace(by_patient(), once=RequestOnce("r-1", "room.chat/s-1", b"f", str))
    for _ in range(3):
        with pytest.raises(InvalidArgument) as error:
            ward.sessions.chats.say(call, Say("s-1", text))
        assert error.value.reason == reason

    (event,) = raised(ward)
    assert (event.number, event.patient_id) == (0, "p-1")
    assert [(risk.number, risk.patient_id) for risk in told(ward)] == [(0, "p-1")]
    assert ward.room() == before


def test_a_refused_message_of_every_day_is_told_to_nobody(ward: Ward) -> None:
    with pytest.raises(InvalidArgument):
        ward.says(by_patient(), "good morning " * 300)

    assert (raised(ward), told(ward)) == ([], [])


def test_an_empty_message_is_told_to_nobody(ward: Ward) -> None:
    with pytest.raises(InvalidArgument):
        ward.says(by_patient(), "  ")

    assert raised(ward) == []


def overhears(ward: Ward, text: str, key: str = "r-1") -> None:
    """As the live room does with chat that it refused before anybody read it."""
    call = replace(by_patient(), once=RequestOnce(key, "room.chat/s-1", b"f", str))
    ward.sessions.chats.overhear(call, Say("s-1", text))


def test_refused_words_that_are_accepted_later_are_one_worry_and_then_have_their_number(
    ward: Ward,
) -> None:
    for _ in range(2):
        overhears(ward, WORRYING)
    call = replace(by_patient(), once=RequestOnce("r-1", "room.chat/s-1", b"f", lambda _: b""))
    number = ward.sessions.chats.say(call, Say("s-1", WORRYING)).number

    (event,) = raised(ward)
    assert event.number == 0
    assert [(risk.id, risk.number) for risk in told(ward)] == [
        (event.chat_risk_id, 0),
        (event.chat_risk_id, number),
    ]


def test_words_that_were_accepted_meanwhile_are_not_heard_again(ward: Ward) -> None:
    call = replace(by_patient(), once=RequestOnce("r-1", "room.chat/s-1", b"f", lambda _: b""))
    ward.sessions.chats.say(call, Say("s-1", WORRYING))
    overhears(ward, WORRYING)

    assert len(raised(ward)) == len(told(ward)) == 1


def test_worse_words_under_a_key_that_was_heard_before_are_a_worry_of_their_own(
    ward: Ward,
) -> None:
    overhears(ward, "не хочу жить")
    overhears(ward, WORRYING)

    severities = {event.severity for event in raised(ward)}
    assert severities == {sessions.CHAT_RISK_SEVERITY_LOW, sessions.CHAT_RISK_SEVERITY_HIGH}


def test_refused_words_of_every_day_and_of_staff_leave_nothing(ward: Ward) -> None:
    rows = len(ward.store.documents("audit_entries"))
    overhears(ward, "good morning")
    ward.sessions.chats.overhear(by_facilitator(), Say("s-1", WORRYING))

    assert (raised(ward), told(ward)) == ([], [])
    assert len(ward.store.documents("audit_entries")) == rows


def test_words_that_come_when_the_room_has_just_closed_are_heard_all_the_same(ward: Ward) -> None:
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    with pytest.raises(FailedPrecondition) as refused:
        ward.says(by_patient(), WORRYING)

    assert refused.value.reason == "SESSION_ENDED"
    (event,) = raised(ward)
    assert (event.patient_id, event.number) == ("p-1", 0)
