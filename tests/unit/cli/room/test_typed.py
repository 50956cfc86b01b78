"""What is typed, and what it asks for."""

from __future__ import annotations

import pytest

from cli.room.typed import Act, Ask, Decide, Do, Leave, Nothing, Press, Say, Wish, wish


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("good morning", Say("good morning")),
        ("  with spaces  ", Say("with spaces")),
        ("//who", Say("/who")),
        ("/who", Ask("who")),
        ("/HELP", Ask("help")),
        ("/leave", Leave()),
        ("/hand", Do("raise_hand")),
        ("/lower", Do("lower_hand", {"alias": ""})),
        ("/lower Quiet Heron", Do("lower_hand", {"alias": "Quiet Heron"})),
        ("/react Me-Too", Do("react", {"reaction": "me-too"})),
        ("/vote 2", Do("vote", {"option": 2})),
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


@pytest.mark.parametrize("word", ["admit", "deny", "handover"])
def test_who_waits_at_the_door_is_the_facilitators(word: str) -> None:
    assert wish(f"/{word} Quiet Heron", is_staff=True) == Decide(word, "Quiet Heron")
    for asked in (wish(f"/{word}", is_staff=True), wish(f"/{word} Heron", is_staff=False)):
        assert isinstance(asked, Nothing)
        assert "nothing was sent" in asked.why


@pytest.mark.parametrize("line", ["/hepl", "/", "/end of the story", "/leave me alone"])
def test_what_is_no_command_is_said_so_and_sent_to_nobody(line: str) -> None:
    asked = wish(line, is_staff=True)
    assert isinstance(asked, Nothing)
    assert "nothing was sent" in asked.why


@pytest.mark.parametrize(("word", "audience"), [("poll", "all"), ("poll-staff", "staff")])
def test_a_facilitator_asks_the_room(word: str, audience: str) -> None:
    fields = {"question": "Ready?", "options": ["yes", "not yet"], "audience": audience}
    assert wish(f"/{word} Ready? | yes | not yet", is_staff=True) == Do("open_poll", fields)
    assert isinstance(wish(f"/{word} Ready? | yes", is_staff=False), Nothing)
    assert isinstance(wish(f"/{word} Ready?", is_staff=True), Nothing)


@pytest.mark.parametrize(("line", "value"), [("/mood 0", 0), ("/mood 10", 10), ("/MOOD 7", 7)])
def test_a_mood_is_a_number_from_zero_to_ten(line: str, value: int) -> None:
    assert wish(line, is_staff=False) == Do("give_mood", {"value": value})


@pytest.mark.parametrize("line", ["/mood 11", "/mood -1", "/mood I can not go on", "/mood ５"])
def test_whatever_else_a_patient_answers_staff_hear_that_there_was_something(line: str) -> None:
    asked = wish(line, is_staff=False)
    assert isinstance(asked, Do)
    assert (asked.kind, asked.fields) == ("give_mood", {})
    assert "staff are told" in asked.remark


def test_a_facilitator_asks_for_moods_and_gives_none() -> None:
    assert wish("/mood", is_staff=True) == Do("ask_mood")
    assert isinstance(wish("/mood 5", is_staff=True), Nothing)
    assert isinstance(wish("/mood", is_staff=False), Nothing)


@pytest.mark.parametrize("line", ["/react", "/react kill", "/vote", "/vote two", "/hand up"])
def test_what_is_not_understood_is_not_sent(line: str) -> None:
    asked = wish(line, is_staff=False)
    assert isinstance(asked, Nothing)
    assert "nothing was sent" in asked.why
