"""A page is answered from a telephone: by its person, once, and by nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from haven.notify.v1 import events_pb2

from chassis.call import system_call
from chassis.errors import FailedPrecondition, NotFound
from chassis.ids import new_id
from services.notify.codec.documents import link_from
from services.notify.domain.answer import Answer, answer_of_keys, answer_of_text
from services.notify.domain.commands import AnswerByKeys, AnswerByLink
from services.notify.domain.inbound import InboundText
from services.notify.domain.link import Standing
from services.notify.domain.message import Channel
from services.notify.domain.wish_commands import PutPreferences
from services.notify.domain.wording import Language
from tests.unit.notify.house import NUMBER, TENANT, House

MAIL, TEXT, CALL = Channel.EMAIL, Channel.SMS, Channel.VOICE
LINK = re.compile(r"https://messages\.example/a/([0-9a-f]{12})/(\S+)")
ACKNOWLEDGE, DECLINE = events_pb2.PAGE_ANSWER_ACKNOWLEDGE, events_pb2.PAGE_ANSWER_DECLINE


@pytest.fixture
def house() -> House:
    """Dr. One is called first, then mailed, then texted."""
    return House().reached_by(CALL, MAIL, TEXT)


def caller(tenant_id: str = TENANT) -> Any:
    return system_call(tenant_id, service="notify", action="callback.test")


def press(house: House, digits: str, reference: str = "voice-one-1", **parts: Any) -> Any:
    return house.notify.page_answers.by_keys(caller(), AnswerByKeys(reference, digits, **parts))


def text(house: House, body: str, number: str = NUMBER, tenant_id: str = TENANT) -> str:
    """Somebody writes; by which wording they are answered, empty where by none."""
    known = {each["_id"] for each in house.messages}
    incoming = InboundText("twilio", new_id(), number, body)
    house.notify.inbound.take(caller(tenant_id), incoming)
    (answer,) = [each for each in house.messages if each["_id"] not in known] or [{}]
    return str(answer.get("template_id", ""))


def use(house: House, token: str, answer: Answer = Answer.ACKNOWLEDGE, **parts: Any) -> Standing:
    return house.notify.page_answers.by_link(caller(**parts), AnswerByLink(token, answer)).standing


def tokens(house: House) -> list[str]:
    """Of the mails, in order."""
    return [LINK.findall(mail.body)[0][1] for mail in house.providers[MAIL].taken]


def paged(house: House, *, steps: int = 0, **parts: Any) -> str:
    """A page is on its way, by as many more channels as there were steps."""
    page_id = house.page(**parts)
    house.time_passes()
    for _ in range(steps):
        house.time_passes(seconds=15)
    return page_id


def test_a_key_acknowledges_and_crisis_hears_whose_it_was(house: House) -> None:
    page_id = paged(house)

    assert press(house, "1") is Answer.ACKNOWLEDGE
    (told,) = house.answered
    assert (told.page_id, told.case_id, told.recipient_id) == (page_id, "c-1", "dr-one")
    assert (told.answer, told.channel) == (ACKNOWLEDGE, "voice")


def test_an_answered_page_takes_no_further_channel(house: House) -> None:
    paged(house)
    press(house, "1")
    house.time_passes(minutes=1)

    assert (house.ways, house.states) == (["voice"], ["delivered"])


def test_the_same_answer_by_every_way_is_told_once(house: House) -> None:
    paged(house, steps=2)
    (token,) = tokens(house)
    press(house, "1")
    press(house, "1")
    text(house, "1")
    use(house, token)

    assert len(house.answered) == 1


def test_a_key_without_a_meaning_changes_nothing(house: House) -> None:
    paged(house)

    assert press(house, "7") is None
    assert (house.answered, house.states) == ([], ["handed_over"])


def test_a_call_that_is_not_ours_is_nobodys(house: House) -> None:
    paged(house)

    with pytest.raises(NotFound):
        press(house, "1", reference="somebody-elses")


def test_a_call_that_names_its_message_needs_no_reference_here_yet(house: House) -> None:
    paged(house)

    assert press(house, "2", "not-known-yet", message_id=house.messages[0]["_id"])
    assert [told.answer for told in house.answered] == [DECLINE]


@pytest.mark.parametrize("body", ["1", "yes", "Yes!", " ACK ", "1."])
def test_a_reply_to_a_text_acknowledges(house: House, body: Any) -> None:
    paged(house)

    assert text(house, body) == "recorded"
    assert [(told.answer, told.channel) for told in house.answered] == [(ACKNOWLEDGE, "sms")]


@pytest.mark.parametrize("body", ["", "who is this", "1 2", "not yes"])
def test_what_is_not_surely_an_answer_is_asked_about(house: House, body: Any) -> None:
    paged(house)

    assert text(house, body) == "choices"
    assert house.answered == []


def test_a_text_is_about_the_newest_page_and_the_next_one_about_the_other(house: House) -> None:
    older = paged(house, case_id="c-1")
    house.time_passes(seconds=5)
    newer = paged(house, case_id="c-2")
    text(house, "1")
    text(house, "1")

    assert [told.page_id for told in house.answered] == [newer, older]


def test_who_wakes_up_after_the_page_s_time_may_take_what_nobody_has(house: House) -> None:
    page_id = paged(house)
    house.time_passes(minutes=40)

    assert text(house, "1") == "recorded"
    assert [(told.page_id, told.answer) for told in house.answered] == [(page_id, ACKNOWLEDGE)]


def test_a_text_to_which_nothing_is_open_says_so(house: House) -> None:
    paged(house)
    house.time_passes(minutes=5)
    house.acknowledged(version=2)

    assert text(house, "1") == "nothing-open"
    assert house.answered == []


def test_a_page_of_yesterday_is_answered_no_more(house: House) -> None:
    paged(house)
    house.time_passes(minutes=5)
    house.time_passes(hours=12)

    assert text(house, "1") == "nothing-open"
    assert house.answered == []


def test_the_page_that_still_rings_is_meant_before_an_older_one(house: House) -> None:
    paged(house, case_id="c-1")
    house.time_passes(minutes=40)
    newer = paged(house, case_id="c-2")
    text(house, "1")

    assert [told.page_id for told in house.answered] == [newer]


def test_a_number_that_nobody_registered_is_nobodys(house: House) -> None:
    paged(house)

    assert text(house, "1", "+15555550199") == text(house, "hello", "+15555550198")
    assert house.answered == []


def test_a_number_of_another_tenant_is_nobodys_here(house: House) -> None:
    paged(house)

    assert text(house, "1", tenant_id="harbor") == "support"
    assert house.answered == []


def test_a_number_that_was_given_up_answers_no_more(house: House) -> None:
    paged(house)
    for channel in (TEXT, CALL):
        house.register("dr-one", "+15555550177", channel=channel)

    assert text(house, "1") == "support"
    assert text(house, "1", "+15555550177") == "recorded"
    assert len(house.answered) == 1


@pytest.mark.parametrize(
    ("body", "wording"), [("stop", "stopped"), ("help", "support"), ("start", "")]
)
def test_a_word_of_the_rules_of_texting_is_no_answer(house: House, body: Any, wording: Any) -> None:
    paged(house)

    assert text(house, body) == wording
    assert house.answered == []


def test_a_page_is_answered_by_text_from_a_number_that_wants_no_texts(house: House) -> None:
    paged(house)
    text(house, "stop")

    assert text(house, "1") == ""
    assert len(house.answered) == 1


def test_what_to_reply_is_told_once_an_hour(house: House) -> None:
    paged(house)

    assert [text(house, "what?") for _ in range(3)] == ["choices", "", ""]


def test_staff_in_danger_are_told_where_help_is_and_not_what_to_reply(house: House) -> None:
    paged(house)

    assert text(house, "I want to die") == "support"
    assert [event.patient_id for event in house.store.emitted(events_pb2.InboundRiskRaised)] == [""]


def test_the_thanks_come_in_the_language_of_the_answer_and_at_once(house: House) -> None:
    paged(house)
    text(house, "1")
    house.time_passes()

    assert [each.body for each in house.texter.taken] == ["Thank you. Your answer was recorded."]


def test_a_link_answers_once(house: House) -> None:
    paged(house, steps=1)
    (token,) = tokens(house)

    assert use(house, token) is Standing.OPEN
    assert use(house, token) is Standing.USED
    assert [(told.recipient_id, told.channel) for told in house.answered] == [("dr-one", "email")]


def test_looking_at_a_link_changes_nothing(house: House) -> None:
    paged(house, steps=1)
    (token,) = tokens(house)
    before = house.store.documents("page_links"), house.store.documents("audit_entries")
    looking = system_call(TENANT, service="notify", action="")
    for _ in range(5):
        assert house.notify.page_answers.look(looking, token).standing is Standing.OPEN

    assert (house.store.documents("page_links"), house.store.documents("audit_entries")) == before
    assert house.answered == []


def test_a_link_is_good_for_as_long_as_nobody_has_the_case(house: House) -> None:
    page_id = paged(house, steps=1)
    (token,) = tokens(house)
    house.time_passes(minutes=40)

    assert house.notify.page_answers.look(caller(), token).standing is Standing.OPEN
    assert use(house, token) is Standing.OPEN
    assert [told.page_id for told in house.answered] == [page_id]


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_link_ends_after_the_page_s_time_when_somebody_has_the_case_or_the_night_is_over(
    house: House, *, is_taken: bool
) -> None:
    paged(house, steps=1)
    (token,) = tokens(house)
    house.time_passes(minutes=5)
    if is_taken:
        house.acknowledged(version=2)
    else:
        house.time_passes(hours=12)

    assert house.notify.page_answers.look(caller(), token).standing is Standing.EXPIRED
    assert use(house, token) is Standing.EXPIRED
    assert house.answered == []


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "\x00"])
def test_a_strangers_link_is_no_link(house: House, token: Any) -> None:
    paged(house, steps=1)

    with pytest.raises(NotFound):
        use(house, token)
    assert house.answered == []


def test_a_link_of_another_tenant_is_a_strangers(house: House) -> None:
    paged(house, steps=1)
    (token,) = tokens(house)

    with pytest.raises(NotFound):
        use(house, token, tenant_id="harbor")


def test_two_peoples_links_answer_for_each_of_them() -> None:
    house = House().reachable("dr-one", "dr-two")
    paged(house)
    paged(house, recipient_id="dr-two")
    for token in tokens(house):
        use(house, token)

    assert [told.recipient_id for told in house.answered] == ["dr-one", "dr-two"]


def test_a_link_speaks_the_language_of_its_mail(house: House) -> None:
    wish = PutPreferences("dr-one", Language.SPANISH, frozenset(), None, "")
    house.notify.wishing.put(house.call(), wish)
    paged(house, steps=1)
    (token,) = tokens(house)
    command = AnswerByLink(token, Answer.ACKNOWLEDGE)

    assert house.notify.page_answers.look(caller(), token).language is Language.SPANISH
    for _ in range(2):
        opened = house.notify.page_answers.by_link(caller(), command)
        assert opened.language is Language.SPANISH


def test_a_link_of_a_release_that_knew_one_language_opens_in_english(house: House) -> None:
    paged(house, steps=1)
    (document,) = house.store.documents("page_links")
    del document["language"]

    assert link_from(document).language is Language.ENGLISH


def test_a_token_rests_as_a_hash_only(house: House) -> None:
    paged(house, steps=1)
    (token,) = tokens(house)

    assert len(token) >= 22  # 128 bits in base64
    assert token not in repr(house.store.engine.tables)


def test_an_answer_by_link_is_in_the_audit_trail_under_its_person(house: House) -> None:
    paged(house, steps=1)
    use(house, tokens(house)[0])

    rows = house.store.documents("audit_entries")
    assert ("dr-one", "page.answer") in [(row["actor_id"], row["action"]) for row in rows]


def test_a_message_that_is_no_page_cannot_be_answered(house: House) -> None:
    house.patient_contact("ana@mail.example")
    house.absence()

    with pytest.raises(FailedPrecondition):
        press(house, "1", "any", message_id=house.messages[0]["_id"])


def test_keys_and_words_mean_the_same() -> None:
    for word in ("1", "2", "9"):
        assert answer_of_keys(word) is answer_of_text(word) is not None
    assert answer_of_keys("1#") is Answer.ACKNOWLEDGE


def test_a_text_is_about_the_page_whose_case_nobody_has_yet(house: House) -> None:
    first = paged(house, case_id="c-1", version=1)
    house.time_passes(seconds=5)
    paged(house, case_id="c-2", version=1)
    house.acknowledged("c-2", version=2)

    text(house, "1")

    (told,) = house.answered
    assert (told.page_id, told.case_id) == (first, "c-1")


def test_a_text_about_cases_that_others_have_is_still_recorded(house: House) -> None:
    paged(house, version=1)
    house.acknowledged(version=2)
    text(house, "1")

    assert [each.case_id for each in house.answered] == ["c-1"]
