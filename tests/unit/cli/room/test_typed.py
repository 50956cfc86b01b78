"""What is typed, and what it asks for."""

from __future__ import annotations

import pytest

from cli.room.typed import Act, Ask, Leave, Nothing, Press, Say, Wish, wish


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("good morning", Say("good morning")),
        ("  with spaces  ", Say("with spaces")),
        ("//who", Say("/who")),
        ("/who", Ask("who")),
        ("/HELP", Ask("help")),
        ("/leave", Leave()),
        ("", Nothing()),
    ],
)
def test_everybody_may(line: str, asked: Wish) -> None:
    assert wish(line, is_staff=False) == wish(line, is_staff=True) == asked


@pytest.mark.parametrize("line", ["/sos", "/SOS", " /sos ", "/ sos", "/sos I can not go on"])
def test_whatever_a_patient_writes_behind_it_a_call_for_help_is_one(line: str) -> None:
    assert wish(line, is_staff=False) == Press()


def test_a_facilitator_names_the_patient() -> None:
    assert wish("/sos Quiet Heron", is_staff=True) == Press("Quiet Heron")
    asked = wish("/sos", is_staff=True)
    assert isinstance(asked, Nothing)
    assert "about whom" in asked.why


@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("start", "StartSession"),
        ("break", "StartBreak"),
        ("resume", "EndBreak"),
        ("end", "EndSession"),
    ],
)
def test_the_session_is_the_facilitators(word: str, method: str) -> None:
    assert wish(f"/{word}", is_staff=True) == Act(method)
    refused = wish(f"/{word}", is_staff=False)
    assert isinstance(refused, Nothing)
    assert "nothing was sent" in refused.why


@pytest.mark.parametrize("line", ["/hepl", "/", "/end of the story", "/leave me alone"])
def test_what_is_no_command_is_said_so_and_sent_to_nobody(line: str) -> None:
    asked = wish(line, is_staff=True)
    assert isinstance(asked, Nothing)
    assert "nothing was sent" in asked.why
