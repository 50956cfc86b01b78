"""Stop is heard however it is said; and what only sounds like it is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.optout import WHOLE, Word, wish_of
from services.notify.domain.wording import Language

RULE = ("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe")  # clinical.md 6.4
SIGNS = ".!?,;:-_*~'\"()[]/\\… \t\n\u200b🛑"

STOPS = [
    "please stop texting me",
    "Stop sending me messages.",
    "STOP ALL TEXTS",
    "stop these messages now",
    "Hi, can you stop texting this number?",
    "I want you to stop contacting me",
    "dont text me anymore",
    "Don’t text me",
    "do not contact me again",
    "No more texts please",
    "I do not want any more messages",
    "i don't want to get your texts",
    "I don't want to be contacted",
    "take me off your list",
    "Remove me from this list",
    "remove my number",
    "lose my number",
    "I revoke my consent",
    "I would like to opt out of texts",
    "opt me out",
    "how do i unsubscribe??",
    "cancel these reminders",
    "leave me alone",
    "ok stop, thank you",
    "Stop!!! Please!!!",
    "deje de enviarme mensajes",
    "Dejen de escribirme por favor",
    "no quiero más mensajes",
    "No deseo recibir sus textos",
    "no me escriban más",
    "Por favor, no me manden mensajes",
    "ya no quiero recibir recordatorios",
    "no más mensajes",
    "quiero darme de baja",
    "Borren mi número",
    "revoco mi consentimiento",
    "paren de mandarme textos",
    "Basta, por favor",
]
NOT_STOPS = [
    "I can't stop crying",
    "I can't stop thinking about it, please call",
    "my brother won't stop texting me",
    "He doesn't stop sending me messages",
    "my friends don't text me anymore",
    "I want to end it all",
    "when does it end?",
    "can we end early today",
    "I quit my job today",
    "please cancel my appointment for tomorrow",
    "I had to stop at the store, running late",
    "I stopped taking my pills",
    "get me out of here",
    "leave me a message",
    "nobody messages me",
    "no quiero vivir",
    "no puedo parar de llorar",
    "nadie me escribe",
    "para mañana no puedo",
    "me quiero morir",
    "quiero hablar con alguien",
    "es el fin",
    "help me",
    "please help",
    "necesito ayuda",
    "I need help with the app",
    "start of session is when?",
    "yes",
    "",
    "   ",
    "👍",
    "123456",
]


@pytest.mark.parametrize("word", RULE)
def test_every_word_of_the_rule_stops(word: Any) -> None:
    assert wish_of(word).word is Word.STOP


@given(st.data())
def test_a_word_is_heard_in_any_case_with_any_signs_and_spaces(data: Any) -> None:
    word = data.draw(st.sampled_from(sorted(WHOLE)))
    noise = st.text(alphabet=SIGNS, max_size=3)
    cases = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
    letters = (
        (letter.upper() if is_upper else letter) + data.draw(noise)
        for letter, is_upper in zip(word, cases, strict=True)
    )

    assert wish_of(data.draw(noise) + "".join(letters)) == WHOLE[word]


@given(st.sampled_from(RULE), st.sampled_from(["please {}", "{} please", "{} now thanks", "ok {}"]))
def test_politeness_does_not_weaken_a_stop(word: str, form: str) -> None:
    assert wish_of(form.format(word)).word is Word.STOP


@pytest.mark.parametrize("text", STOPS)
def test_any_reasonable_wording_stops(text: Any) -> None:
    wish = wish_of(text)

    assert wish is not None
    assert wish.word is Word.STOP


@pytest.mark.parametrize("text", NOT_STOPS)
def test_what_is_not_about_texts_is_no_stop(text: Any) -> None:
    assert wish_of(text) is None


@given(st.text(max_size=300))
def test_whatever_people_type_is_read_without_an_error(text: str) -> None:
    wish_of(text)


@pytest.mark.parametrize("text", ["HELP", "help!", "Info", "AYUDA", "Información"])
def test_help_is_heard_as_a_word_alone(text: Any) -> None:
    assert wish_of(text).word is Word.HELP


@pytest.mark.parametrize("text", ["START", "Unstop", "start.", "INICIO", "reanudar"])
def test_start_is_heard(text: Any) -> None:
    assert wish_of(text).word is Word.START


@pytest.mark.parametrize(
    ("text", "language"),
    [("stop", Language.ENGLISH), ("ALTO", Language.SPANISH), ("¡basta!", Language.SPANISH)],
)
def test_the_answer_can_be_in_the_language_of_the_word(text: Any, language: Any) -> None:
    assert wish_of(text).language is language


@pytest.mark.parametrize("text", ["ＳＴＯＰ", "𝐒𝐓𝐎𝐏", "stóp", "s\u200bt\u200bo\u200bp"])
def test_styled_and_hidden_letters_do_not_hide_a_stop(text: Any) -> None:
    assert wish_of(text).word is Word.STOP


def test_a_text_of_a_megabyte_is_read_in_no_time() -> None:
    assert wish_of("please " * 100_000 + "stop " * 50_000) is None
