"""Who sees the lists of three groups cannot tell which names are one person's.

Each attack bets for all of a thousand people; whoever draws lots is right about once. The key is
fixed, so are the figures. That the attacks are worth something is shown on names that do leak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import combinations, permutations

import pytest

from services.intake.domain.alias import alias_candidate

KEY = b"a fixed key of thirty-two bytes!"
PEOPLE = [f"person-{number}" for number in range(1000)]
GROUPS = ("monday", "wednesday", "friday")
# Of a thousand bets one is right by chance; six or more are in one of 1,700 such attacks.
LUCK = 6
Look = Callable[[str], str]
LOOKS: dict[str, Look] = {
    "the whole name": lambda name: name,
    "both words": lambda name: name.rsplit(" ", 1)[0],
    "the first word": lambda name: name.split()[0],
    "the second word": lambda name: name.split()[1],
    "the number": lambda name: name.split()[2],
    "the last digit": lambda name: name[-1],
    "the initials": lambda name: "".join(word[0] for word in name.split()),
    "the lengths": lambda name: "/".join(str(len(word)) for word in name.split()),
}


def names_in(group_id: str) -> list[str]:
    """Everybody's name in a group, given as the handler gives them: a taken one is passed over."""
    given: dict[str, None] = {}
    for patient_id in PEOPLE:
        for attempt in range(64):
            name = alias_candidate(KEY, patient_id=patient_id, group_id=group_id, attempt=attempt)
            if name not in given:
                given[name] = None
                break
    return list(given)


LISTS = {group_id: names_in(group_id) for group_id in GROUPS}


def right_by_likeness(left: list[str], right: list[str], look: Look) -> float:
    """How many bets on "looks the same" are right, drawing among those that do."""
    alike = Counter(look(name) for name in right)
    pairs = zip(left, right, strict=True)
    return sum(1 / alike[look(one)] for one, own in pairs if look(one) == look(own))


def right_by_experience(left: list[str], right: list[str], see: Look, guess: Look) -> float:
    """The same by an attacker who was told who is who for half of the people, bets on the rest."""
    known, bet = slice(0, 500), slice(500, None)
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one, own in zip(left[known], right[known], strict=True):
        seen[see(one)][guess(own)] += 1
    often = {look: each.most_common(1)[0][0] for look, each in seen.items()}
    alike = Counter(guess(name) for name in right[bet])
    pairs = zip(left[bet], right[bet], strict=True)
    return sum(1 / alike[guess(own)] for one, own in pairs if often.get(see(one)) == guess(own))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_to_bet_on_likeness_is_to_draw_lots(look: Look) -> None:
    for one, other in combinations(GROUPS, 2):
        assert right_by_likeness(LISTS[one], LISTS[other], look) < LUCK


@pytest.mark.parametrize("guess", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("see", LOOKS.values(), ids=LOOKS)
def test_to_know_half_of_the_people_tells_nothing_of_the_rest(see: Look, guess: Look) -> None:
    for one, other in permutations(GROUPS, 2):
        assert right_by_experience(LISTS[one], LISTS[other], see, guess) < LUCK


def test_two_groups_tell_nothing_of_a_third() -> None:
    """Both lists at once: what two names of one person have in common foretells no third."""
    monday, wednesday, friday = LISTS.values()
    for look in LOOKS.values():
        together = ["".join(map(look, pair)) for pair in zip(monday, wednesday, strict=True)]
        alike = Counter(map(look, friday))
        known, bet = dict(zip(together[:500], friday[:500], strict=True)), slice(500, None)
        right = sum(
            1 / alike[look(own)]
            for both, own in zip(together[bet], friday[bet], strict=True)
            if both in known and look(known[both]) == look(own)
        )
        assert right < LUCK


def test_the_attacks_find_nearly_everybody_where_names_do_leak() -> None:
    """A name that were made of the person alone, and one that were moved by a constant."""
    same = LISTS["monday"]
    assert right_by_likeness(same, same, LOOKS["the whole name"]) > 990
    moved = [f"{name[:-2]}{(int(name[-2:]) - 10 + 7) % 90 + 10}" for name in same]
    assert right_by_likeness(same, moved, LOOKS["both words"]) > 800
    assert right_by_experience(same, moved, LOOKS["the number"], LOOKS["the number"]) > 60
