"""Names for groups: the same for ever, and telling nobody anything."""

from __future__ import annotations

import random
import re

from services.intake.domain.alias import ADJECTIVES, NOUNS, NUMBERS, alias_candidate

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
PEOPLE = [f"person-{number}" for number in range(1000)]


def name(patient_id: str, group_id: str, *, key: bytes = KEY, attempt: int = 0) -> str:
    return alias_candidate(key, patient_id=patient_id, group_id=group_id, attempt=attempt)


def test_a_person_has_the_same_name_in_a_group_for_ever() -> None:
    assert name("ana", "monday") == name("ana", "monday")


def test_a_name_is_two_friendly_words_and_a_number() -> None:
    assert all(re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+ \d\d", name(p, "monday")) for p in PEOPLE)
    assert len(set(ADJECTIVES)) == len(ADJECTIVES)
    assert len(set(NOUNS)) == len(NOUNS)
    assert not set(ADJECTIVES) & set(NOUNS)


def test_the_next_attempt_gives_another_name() -> None:
    names = {name("ana", "monday", attempt=attempt) for attempt in range(20)}
    assert len(names) == 20


def test_without_the_tenants_key_a_name_cannot_be_computed() -> None:
    same = sum(name(p, "monday") == name(p, "monday", key=OTHER_KEY) for p in PEOPLE)
    assert same <= 2


def test_a_thousand_people_rarely_share_a_name() -> None:
    assert len({name(p, "monday") for p in PEOPLE}) >= 990


def test_names_of_one_person_in_two_groups_have_no_more_in_common_than_chance() -> None:
    """Whoever sees two groups and bets on equal words wins as often as by drawing lots."""

    def words_in_common(left: list[str], right: list[str]) -> int:
        pairs = zip(left, right, strict=True)
        return sum(len(set(one.split()) & set(other.split())) for one, other in pairs)

    monday, friday = [name(p, "monday") for p in PEOPLE], [name(p, "friday") for p in PEOPLE]
    strangers = list(friday)
    random.Random(7).shuffle(strangers)
    own, chance = words_in_common(monday, friday), words_in_common(monday, strangers)
    # About 37 shared words are expected of 1,000 pairs; three standard deviations are 18.
    assert abs(own - chance) <= 36
    expected = 1000 * (1 / len(ADJECTIVES) + 1 / len(NOUNS) + 1 / len(NUMBERS))
    assert own <= expected + 18
