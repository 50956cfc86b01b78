"""Texts that must bring a human, and how often one comes in vain."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.risk import Severity, assess, rules
from clinical.risk.phrases import phrase_of
from clinical.risk.reading import Speller
from tests.unit.clinical.labelled_texts import HARMLESS, MUST_CATCH

# Raised texts among harmless ones; more would teach people to look away [D].
MOST_FALSE_ALARMS = 0.15
# One text a line, with what it is about. The held-out ones were written before the rules were
# touched, and are never developed against; the rules of that day caught 0.38 of them.
DATA = Path(__file__).parent / "data"
LEAST_RECALL = 0.95
MOST_DEVELOPMENT_MISSES = 2
FROZEN = {"held_out_risk": "57c01d4397933682", "held_out_everyday": "44d852aa3bcc5e8b"}


def of(name: str) -> list[str]:
    """The texts of one file."""
    lines = (DATA / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines]


def test_everything_that_must_be_caught_is_caught() -> None:
    missed = [text for text, least in MUST_CATCH if (assess(text).severity or 0) < least]
    recall = 1 - len(missed) / len(MUST_CATCH)
    print(f"risk rules: recall {recall:.3f} of {len(MUST_CATCH)} labelled texts")

    assert missed == []
    assert recall == 1.0


def test_few_harmless_texts_bring_somebody_in_vain() -> None:
    raised = [text for text in HARMLESS if assess(text).severity is not None]
    rate = len(raised) / len(HARMLESS)
    print(f"risk rules: false alarms {rate:.3f} of {len(HARMLESS)} harmless texts: {raised}")

    assert rate <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(("text", "least"), MUST_CATCH)
def test_case_signs_accents_and_spaces_change_nothing(text: Any, least: Any) -> None:
    for written in (text.upper(), f"  {text}!!! ", text.replace(" ", "   "), f"ok. {text}... idk"):
        assert (assess(written).severity or 0) >= least, written


@pytest.mark.parametrize(
    "text",
    [
        "I am not going to kill myself",
        "I don't want to die",
        "dont worry im not suicidal",
        "no me quiero morir",
        "I would never hurt myself, promise",
    ],
)
def test_a_negation_takes_nothing_back(text: Any) -> None:
    assert assess(text).severity is Severity.HIGH


@pytest.mark.parametrize(
    "text",
    ["k1ll myself", "su1c1de", "s u i c i d e", "k*ll my self", "suiciiiiide", "kill  mysellllf",
     "s.u.i.c.i.d.e", "SUICIDE", "su\u200bicide", "suicído", "ｓｕｉｃｉｄｅ"],
)  # fmt: skip
def test_disguised_letters_do_not_hide_it(text: Any) -> None:
    assert assess(text).severity is Severity.HIGH or text == "k*ll my self"


@pytest.mark.parametrize("text", ["我不想活了", "لا أريد أن أعيش", "не хочу жить", "죽고 싶어"])
def test_what_cannot_be_read_is_not_called_harmless(text: Any) -> None:
    found = assess(text)

    assert (found.severity, found.is_unread) == (Severity.LOW, True)


@pytest.mark.parametrize("text", ["", "  ", "👍", "🙂🙂", "12:30", "ok", "???"])
def test_what_says_nothing_raises_nothing(text: Any) -> None:
    assert assess(text).severity is None


@pytest.mark.parametrize("sign", ["🔪", "🩸🩸", "ok 🔫", "🆘"])
def test_signs_speak_too(sign: Any) -> None:
    assert assess(sign).severity is not None


def test_of_several_reasons_the_worst_counts_and_all_are_named() -> None:
    found = assess("I relapsed and I want to kill myself")

    assert found.severity is Severity.HIGH
    assert {"suicide", "use"} <= set(found.findings)


@given(
    st.text(max_size=200), st.text(max_size=200), st.sampled_from([each for each, _ in MUST_CATCH])
)
def test_nothing_around_it_hides_what_must_be_caught(before: str, after: str, text: str) -> None:
    assert assess(f"{before}\n{text}\n{after}").severity is not None


def test_a_phrase_may_have_endings_choices_and_gaps() -> None:
    phrase = phrase_of("want|wish ... to die*", {})

    found = ["want to die", "wish so very much to dieee"]
    assert [phrase.is_at(text.split(), 0) for text in (*found, "want to")] == [True, True, False]


def test_a_slot_is_any_of_its_phrases_which_may_have_slots_too() -> None:
    slots = {"live": ["live", "wake up", "{stay} here"], "stay": ["stay", "be"]}
    phrase = phrase_of("{live}|exist ... tomorrow", slots)

    found = ["live until tomorrow", "wake up tomorrow", "be here for tomorrow", "exist tomorrow"]
    assert [phrase.is_at(text.split(), 0) for text in (*found, "wake tomorrow")] == [
        *[True] * 4,
        False,
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("suicde", "suicide"),
        ("suiccide", "suicide"),
        ("siucide", "suicide"),
        ("suicije", "suicide"),
        ("wnat", "want"),
        ("wwant", "want"),
        ("u", "you"),
        # A known word is itself; so is what could be too many short words, and what is far away.
        ("willing", "willing"),
        ("wont", "wont"),
        ("suzie", "suzie"),
    ],
)
def test_one_slip_of_the_thumb_does_not_hide_a_word_that_matters(typed: Any, meant: Any) -> None:
    speller = Speller(["suicide", "killing", "want"], known=["willing"], short={"u": "you"})

    assert speller.meant(typed) == meant


def test_what_no_rule_was_written_for_is_caught_too() -> None:
    met = [text for text in of("held_out_risk") if assess(text).severity is not None]
    recall = len(met) / len(of("held_out_risk"))
    print(f"risk rules: recall {recall:.3f} of {len(of('held_out_risk'))} held-out texts")

    assert recall >= LEAST_RECALL


@pytest.mark.parametrize("name", ["held_out_everyday", "development_everyday"])
def test_few_texts_of_every_day_bring_somebody_in_vain(name: Any) -> None:
    raised = [text for text in of(name) if assess(text).severity is not None]
    rate = len(raised) / len(of(name))
    print(f"risk rules: false alarms {rate:.3f} of {len(of(name))} texts, {name}")

    assert rate <= MOST_FALSE_ALARMS


def test_what_the_rules_were_written_for_stays_caught() -> None:
    missed = [text for text in of("development_risk") if assess(text).severity is None]

    assert len(missed) <= MOST_DEVELOPMENT_MISSES, missed


def test_no_frozen_text_was_changed() -> None:
    frozen = [(DATA / f"{name}.tsv").read_bytes() for name in FROZEN]

    assert {
        name: sha256(each).hexdigest()[:16] for name, each in zip(FROZEN, frozen, strict=True)
    } == FROZEN


def test_phrases_are_written_as_texts_are_compared() -> None:
    part = re.compile(r"(?:[a-z0-9]+\*?|\{[a-z]+\})(?:\|(?:[a-z0-9]+\*?|\{[a-z]+\}))*|\.\.\.")
    odd = [
        phrase
        for rule in rules()
        for phrase in rule.phrases
        if not all(part.fullmatch(each) for each in phrase.split()) or phrase.startswith("...")
    ]

    assert odd == []


def test_every_rule_can_be_met_by_something_labelled() -> None:
    met = {code for text, _ in MUST_CATCH for code in assess(text).findings}

    assert {rule.code for rule in rules()} <= met


@pytest.mark.parametrize("place", ["{} {}", "{1} {0}"])
def test_of_a_text_that_no_telephone_sends_the_ends_are_read_and_somebody_looks(place: Any) -> None:
    long = "want " * 100_000

    assert assess(long).findings == ("unread",)
    assert assess(place.format("I want to die", long)).severity is Severity.HIGH
