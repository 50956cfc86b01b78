"""A lock screen tells nothing, in either language; what was published stays as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition
from services.notify.domain.lock_screen import LONGEST_VALUE, faults, segments_exceeded, told_by
from services.notify.domain.template import CODE, NUDGE, PAGE, TEMPLATES, TemplateRef, template
from services.notify.domain.wording import Form, Language, Template

# An edited wording changes its digest; write a new version instead and add it here.
PUBLISHED = {
    "canceled.1": "1a776ff8049e4dc2",
    "choices.1": "14911a088e0a48e0",
    "code.1": "2a79adcfa75a95ce",
    "cover-closed.1": "d851b9abc43d3a67",
    "cover-open.1": "d50733477d25932c",
    "help.1": "0678e1fe9f88f8b0",
    "moved.1": "731a62517826c2cb",
    "nothing-open.1": "f5efd979825b5d01",
    "nudge.1": "6369c48109618a1f",
    "nudge.2": "f31d2f8faacdcca3",
    "overdue.1": "2d1f937f60945acc",
    "page.1": "56e9be7fb09622c2",
    "page.2": "0f0711a3b9aaacdc",
    "page.3": "1277b6c734ef3c88",
    "person-waiting.1": "10b22878271a1410",
    "recorded.1": "4c766c1486e07c78",
    "reminder.1": "ff08b4a0a304e4df",
    "resumed.1": "e5484d16b5648bc4",
    "room-waiting.1": "d8a823786325b6a2",
    "stopped.1": "6ac0b8e7d0a5e824",
    "support.1": "424b139b88077568",
    "task.1": "31264c4f97ae2d4f",
}
EVERY_FORM = [
    pytest.param(
        each, language, channel, id=f"{each.ref.id}.{each.ref.version}-{language}-{channel}"
    )
    for each in TEMPLATES.values()
    for language, forms in each.forms.items()
    for channel in forms
]


def a_template(body: str, *variables: str, channel: str = "sms", subject: str = "") -> Template:
    forms = {each: {channel: Form(body, subject)} for each in Language}
    return Template(TemplateRef("test", 1), frozenset(variables), forms)


def refused(act: Any) -> str:
    with pytest.raises(FailedPrecondition) as caught:
        act()
    return caught.value.reason


@pytest.mark.parametrize("wording", TEMPLATES.values(), ids=lambda each: each.ref.id)
def test_no_wording_tells_what_haven_is_for(wording: Any) -> None:
    assert faults(wording) == ()


def test_a_published_version_is_never_edited() -> None:
    digests = {f"{each.ref.id}.{each.ref.version}": each.digest for each in TEMPLATES.values()}

    assert digests == PUBLISHED


@pytest.mark.parametrize(("wording", "language", "channel"), EVERY_FORM)
def test_every_form_is_complete_with_its_values(wording: Any, language: Any, channel: Any) -> None:
    subject, body = wording.render(LONGEST_VALUE, channel=channel, language=language)

    assert body.strip()
    assert not re.search(r"[{}$%]", subject + body)
    assert bool(subject) == (channel in {"email", "push", "webhook"})


@pytest.mark.parametrize(("wording", "language", "channel"), EVERY_FORM)
def test_a_text_message_is_one_piece(wording: Any, language: Any, channel: Any) -> None:
    _, body = wording.render(LONGEST_VALUE, channel=channel, language=language)

    assert channel != "sms" or not segments_exceeded(body)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("values", [{}, {"code": "123456"}, {"code": " ", "minutes": "10"}])
def test_a_missing_or_blank_value_is_a_named_failure_not_a_broken_message(
    values: Any, language: Any
) -> None:
    wording = template(CODE)

    reason = refused(lambda: wording.render(values, channel="sms", language=language))

    assert reason == "TEMPLATE_VALUE_MISSING"


def test_a_variable_that_was_not_declared_is_missing_too() -> None:
    assert refused(lambda: a_template("Hello {{ name }}").render({}, channel="sms")) == (
        "TEMPLATE_VALUE_MISSING"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ code.__init__.__globals__ }}",
        "{% for each in range(999999999) %}x{% endfor %}",
        "{{ code",
    ],
)
def test_a_wording_reaches_nothing_but_its_values(body: Any) -> None:
    reason = refused(lambda: a_template(body).render({"code": "1"}, channel="sms"))

    assert reason in {"TEMPLATE_INVALID", "TEMPLATE_VALUE_MISSING"}


@given(st.text())
def test_a_value_is_text_and_never_a_template(value: str) -> None:
    wording = a_template("<{{ code }}>", "code")

    if value.strip():
        assert wording.render({"code": value}, channel="sms") == ("", f"<{value}>")


def test_who_reads_spanish_is_written_to_in_spanish() -> None:
    subject, body = template(NUDGE).render({}, language=Language.SPANISH)

    assert (subject, body[:6]) == ("Tiene un mensaje nuevo", "Tiene ")


@pytest.mark.parametrize("language", Language)
def test_a_link_that_there_is_not_leaves_no_hole_in_a_mail(language: Any) -> None:
    with_link, without = (
        template(PAGE).render({"reference": "c-1", **link}, language=language)[1]
        for link in ({"link": "https://messages.example/a/x"}, {})
    )

    assert "https://messages.example/a/x" in with_link
    assert without.rstrip().endswith("c-1")


def test_what_was_never_translated_is_sent_in_english() -> None:
    first = template(TemplateRef("nudge", 1))

    assert first.render({}, language=Language.SPANISH) == first.render({})


def test_a_version_without_a_form_for_the_channel_says_so() -> None:
    first = template(TemplateRef("page", 1))

    assert refused(lambda: first.render({"reference": "c-1"}, channel="sms")) == (
        "TEMPLATE_FORM_MISSING"
    )


def test_a_version_that_this_release_does_not_know_is_refused() -> None:
    assert refused(lambda: template(TemplateRef("page", 99))) == "TEMPLATE_UNKNOWN"


def test_a_page_names_its_reference_in_a_mail() -> None:
    assert "Reference: c-1" in template(PAGE).render({"reference": "c-1"})[1]


def test_a_spoken_code_is_spelled() -> None:
    values = {"code": "123456", "minutes": "10"}

    assert "1, 2, 3, 4, 5, 6" in template(CODE).render(values, channel="voice")[1]


@pytest.mark.parametrize(
    "body",
    [
        "Your IOP starts soon",
        "Your therapist wrote to you",
        "Su terapeuta le escribió",
        "Sesión de grupo mañana",
        "New PHQ-9 score",
        "DEPRESSION resources",
        "Tratamiento de adicción",
        "Your psychiatrist wrote",
        "Su médica le espera",
        "Take care of your mental health",
        "You relapsed",
        "Recaída",
    ],
)
def test_a_word_that_tells_why_is_refused(body: Any) -> None:
    assert "tells too much" in " ".join(faults(a_template(body)))


@pytest.mark.parametrize(
    "body",
    ["Message from Dr. Lee", "A message from Ana", "Mensaje de la Dra. Ruiz", "Le escribe Marta"],
)
def test_a_name_is_refused(body: Any) -> None:
    assert told_by(body)


@pytest.mark.parametrize("place", ["subject", "body"])
def test_a_subject_is_looked_at_like_a_text(place: Any) -> None:
    words = {"subject": "Hello", "body": "Hello", place: "Your clinic"}

    assert faults(a_template(words["body"], channel="email", subject=words["subject"]))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("{{ patient_name }}", "patient_name is unknown"),
        ("{% if code %}x{% endif %}", "statements are not for wordings"),
        ("{{ code", "cannot be read"),
        ("x" * 161, "longer than one text message"),
        ("á" + "x" * 70, "longer than one text message"),
    ],
)
def test_what_cannot_be_sent_well_is_refused(body: Any, fault: Any) -> None:
    assert f"en sms: {fault}" in faults(a_template(body, "code"))


def test_a_variable_that_could_carry_a_person_is_refused() -> None:
    found = faults(a_template("{{ first_name }}", "first_name"))

    assert "first_name: not a variable of messages" in found


def test_a_form_that_was_left_untranslated_is_named() -> None:
    forms = {Language.ENGLISH: {"sms": Form("Hello")}, Language.SPANISH: {}}

    assert faults(Template(TemplateRef("test", 2), frozenset(), forms)) == ("es sms: missing",)
