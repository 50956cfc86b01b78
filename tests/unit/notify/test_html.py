"""What a browser shows: the same in every language, and telling in none."""

from __future__ import annotations

from typing import Any

import pytest

from services.notify.codec import html
from services.notify.domain.answer import Answer
from services.notify.domain.lock_screen import told_by
from services.notify.domain.wording import Language

SENTENCES = (
    html.CALLED, html.RECORDED, html.USED, html.EXPIRED, html.UNKNOWN, html.UNCLEAR, html.AGAIN,
)  # fmt: skip


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("words", [html.TITLE, *html.BUTTONS.values(), *SENTENCES])
def test_no_word_on_a_page_tells_what_it_is_about(words: Any, language: Any) -> None:
    assert words[language].strip()
    assert told_by(words[language]) == ()


@pytest.mark.parametrize("language", Language)
def test_every_answer_has_a_button(language: Any) -> None:
    shown = html.asking(language)

    assert f'<html lang="{language.value}">' in shown
    for answer in Answer:
        assert f'value="{answer.value}">{html.BUTTONS[answer][language]}<' in shown


def test_a_page_in_one_language_holds_no_word_of_another() -> None:
    shown = html.telling(html.EXPIRED, Language.SPANISH)

    assert html.EXPIRED[Language.SPANISH] in shown
    assert html.EXPIRED[Language.ENGLISH] not in shown
    assert html.TITLE[Language.ENGLISH] not in shown


def test_somebody_unknown_is_told_in_every_language() -> None:
    shown = html.telling_anybody(html.UNKNOWN)

    for language in Language:
        assert f'<p lang="{language.value}">{html.UNKNOWN[language]}</p>' in shown
