"""Texts of a room are kept as long as the tenant says; everything else of its log stays."""

from __future__ import annotations

from chassis.store import AlreadyAnswered
from chassis.tenants import Tenants
from services.sessions.bootstrap import bootstrap, policies_of
from services.sessions.codec import frames
from services.sessions.domain.commands import Lead
from services.sessions.domain.log import RoomEvent
from services.sessions.handlers import chats
from tests.unit.sessions.test_talk import saying
from tests.unit.sessions.ward import TENANT, PlainCipher, Ward, by_facilitator, by_patient

DAYS = 40.0


def after_a_session(messages: int = 2, **numbers: float) -> Ward:
    """A room in which two people spoke, and that is over."""
    ward = Ward(numbers={"chat_kept_days": DAYS, "chat_burst": messages, **numbers})
    ward.opens()
    ward.enters(by_patient())
    ward.enters(by_facilitator())
    for number in range(messages):
        ward.says(by_patient() if number % 2 else by_facilitator(), f"words {number}")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    return ward


def says(ward: Ward, **numbers: float) -> None:
    """The tenant's numbers from now on."""
    policies = policies_of(Tenants({TENANT: {"sessions": numbers}}))
    ward.sessions = bootstrap(store=ward.store, policies=policies, cipher=PlainCipher())


def days_pass(ward: Ward, days: float) -> None:
    """With the relay's rounds on the way."""
    for _ in range(int(days)):
        ward.pass_time(days=1)
        ward.rings()


def texts(ward: Ward) -> list[str]:
    return [event.text for event in ward.room() if event.kind.value == "chat"]


def shape(events: list[RoomEvent]) -> list[object]:
    return [(each.number, each.kind, each.alias, each.create_time) for each in events]


def test_texts_are_kept_until_the_policys_day_and_then_they_go() -> None:
    ward = after_a_session()
    days_pass(ward, DAYS - 1)
    assert texts(ward) == ["words 0", "words 1"]

    days_pass(ward, 1)
    assert texts(ward) == ["", ""]
    assert "words" not in str(ward.store.documents("room_events"))


def test_numbers_kinds_and_times_stay_and_a_reader_sees_that_a_text_was_removed() -> None:
    ward = after_a_session()
    before = ward.room()
    days_pass(ward, DAYS)

    assert shape(ward.room()) == shape(before)
    shown = [frames.room_event(each, for_staff=False).room_event for each in ward.room()]
    assert [each.is_text_removed for each in shown] == [
        event.kind.value == "chat" for event in before
    ]


def test_no_digest_of_the_words_stays_and_a_repeated_message_still_has_its_number() -> None:
    ward = Ward(numbers={"chat_kept_days": DAYS})
    ward.opens()
    ward.enters(by_patient())
    each = saying(by_patient(), "good morning")
    (said,) = ward.sessions.lots.say([each])
    assert isinstance(said, RoomEvent)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    days_pass(ward, DAYS)

    (kept,) = [row for row in ward.store.documents("room_events") if row["kind"] == "chat"]
    assert "fingerprint" not in kept
    assert "good morning" not in str(kept)
    (again,) = ward.sessions.lots.say([each])
    assert isinstance(again, AlreadyAnswered)
    assert again.answer == b"%d" % said.number


def test_a_session_of_many_messages_is_emptied_piece_by_piece() -> None:
    ward = after_a_session(messages=2 * chats.PIECE + 3)
    days_pass(ward, DAYS - 1)
    ward.pass_time(days=1)
    ward.rings()
    assert texts(ward).count("") == chats.PIECE
    ward.rings()
    ward.rings()
    assert set(texts(ward)) == {""}
    ward.rings()
    assert ward.store.due("sessions", "chat_look_time", limit=10) == []


def test_a_tenant_that_shortens_the_time_is_obeyed_within_a_month() -> None:
    ward = after_a_session()
    ward.rings()
    says(ward, chat_kept_days=1.0)
    days_pass(ward, 31)
    assert texts(ward) == ["", ""]


def test_a_tenant_that_lengthens_the_time_in_time_keeps_its_texts() -> None:
    ward = after_a_session()
    days_pass(ward, DAYS - 1)
    says(ward, chat_kept_days=400.0)
    days_pass(ward, 10)
    assert texts(ward) == ["words 0", "words 1"]


def test_by_default_texts_are_kept_for_ten_years() -> None:
    ward = Ward()
    assert ward.sessions.policies(TENANT).chat_kept_days >= 3652


def test_a_room_that_never_opened_has_nothing_to_forget() -> None:
    ward = Ward()
    ward.prepares()
    ward.pass_time(hours=5)
    ward.rings()
    (session,) = ward.store.documents("sessions")
    assert (session["state"], session["chat_look_time"]) == ("ended", None)


def test_that_words_went_is_on_the_record_of_who_said_them_and_looking_is_on_nobodys() -> None:
    ward = after_a_session()
    days_pass(ward, 1)  # whoever did not come has been noticed
    rows = len(ward.store.documents("audit_entries"))
    days_pass(ward, DAYS - 2)
    assert len(ward.store.documents("audit_entries")) == rows

    days_pass(ward, 1)
    fresh = ward.store.documents("audit_entries")[rows:]
    assert {row["patient_id"] for row in fresh} == {"", "p-1"}
