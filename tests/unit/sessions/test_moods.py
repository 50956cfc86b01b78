"""How a patient says they are: for staff alone. What is low, odd or falling worries somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions
from prometheus_client import REGISTRY

from chassis.errors import PermissionDenied
from chassis.settings import SettingsError
from clinical.risk import Severity
from services.sessions.codec import frames
from services.sessions.domain.commands import InRoom
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.mood import MoodCheckIn, MoodConcern, concerns_of, severity_of
from services.sessions.domain.policy import SessionsPolicy
from tests.unit.sessions.builders import POLICY
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

LOW, VERY_LOW = MoodConcern.LOW, MoodConcern.VERY_LOW
UNREADABLE, DROPPED = MoodConcern.UNREADABLE, MoodConcern.DROPPED


@pytest.mark.parametrize(
    ("value", "earlier", "concerns", "severity"),
    [
        (10, (), (), None),
        (5, (), (), None),
        (4, (), (LOW,), Severity.LOW),
        (2, (), (LOW,), Severity.LOW),
        (1, (), (VERY_LOW,), Severity.MODERATE),
        (0, (), (VERY_LOW,), Severity.MODERATE),
        (None, (), (UNREADABLE,), Severity.MODERATE),
        (7, (9,), (), None),
        (6, (9,), (DROPPED,), Severity.LOW),
        (6, (5, 9, 8), (DROPPED,), Severity.LOW),
        (6, (None, 7), (), None),
        (4, (8,), (LOW, DROPPED), Severity.LOW),
        (None, (8,), (UNREADABLE, DROPPED), Severity.MODERATE),
        (9, (2,), (), None),
    ],
)
def test_what_worries(
    value: int | None,
    earlier: Sequence[int | None],
    concerns: tuple[MoodConcern, ...],
    severity: Severity | None,
) -> None:
    found = concerns_of(value, earlier, POLICY)
    assert set(found) == set(concerns)
    assert severity_of(found) == severity


def test_no_number_worries_less_than_any_that_it_could_have_been() -> None:
    unknown = severity_of(concerns_of(None, (), POLICY))
    assert unknown is not None
    assert all((severity_of(concerns_of(each, (), POLICY)) or 0) <= unknown for each in range(11))


@pytest.fixture
def ward() -> Ward:
    return a_room()


def a_room(**numbers: Any) -> Ward:
    """Two patients and their facilitator."""
    ward = Ward(numbers)
    ward.opens()
    for call in (by_patient("p-1"), by_patient("p-2"), by_facilitator()):
        ward.enters(call)
    return ward


def told(ward: Ward) -> list[pb.MoodCheckIn]:
    """What the facilitator's private log says of moods."""
    return [
        frames.private_event(each, call_number="988", for_staff=True).private_event.mood_check_in
        for each in ward.private("f-1")
        if isinstance(each.about, MoodCheckIn)
    ]


def test_a_mood_is_told_to_staff_under_the_alias_and_to_nobody_else(ward: Ward) -> None:
    before = ward.room()
    ward.feels(by_patient(), 7)

    (mood,) = told(ward)
    assert (mood.alias, mood.value, list(mood.concerns)) == ("Blue Heron 4", 7, [])
    assert mood.severity == sessions.CHAT_RISK_SEVERITY_UNSPECIFIED
    assert ward.room() == before
    assert ward.private("p-1") == ward.private("p-2") == []


def test_staff_see_at_once_what_worries(ward: Ward) -> None:
    for value in (8, 4, None):
        ward.feels(by_patient(), value)

    calm, fallen, odd = told(ward)
    assert list(calm.concerns) == []
    assert list(fallen.concerns) == [pb.MOOD_CONCERN_LOW, pb.MOOD_CONCERN_DROPPED]
    assert fallen.severity == sessions.CHAT_RISK_SEVERITY_LOW
    assert not odd.HasField("value")
    assert odd.severity == sessions.CHAT_RISK_SEVERITY_MODERATE


@pytest.mark.parametrize("odd", [-1, 11, 2_000_000_000, None])
def test_what_is_no_such_number_is_kept_as_unreadable_and_never_refused(
    ward: Ward, odd: int | None
) -> None:
    mood = ward.feels(by_patient(), odd)
    assert (mood.value, mood.concerns) == (None, (UNREADABLE,))


def test_a_drop_is_one_against_the_own_moods_of_this_session(ward: Ward) -> None:
    ward.feels(by_patient("p-2"), 10)
    assert ward.feels(by_patient("p-1"), 6).concerns == ()
    ward.feels(by_patient("p-1"), 9)
    assert ward.feels(by_patient("p-1"), 6).concerns == (DROPPED,)


def test_zero_is_a_mood_and_not_a_missing_one(ward: Ward) -> None:
    ward.feels(by_patient(), 0)
    (mood,) = told(ward)
    assert (mood.HasField("value"), mood.value) == (True, 0)


def test_unless_the_program_says_so_crisis_hears_of_no_mood(ward: Ward) -> None:
    ward.feels(by_patient(), 0)
    assert ward.store.emitted(sessions.ChatRiskRaised) == []
    assert not told(ward)[0].is_crisis_told


def test_where_the_program_says_so_crisis_hears_of_it_with_the_place() -> None:
    ward = a_room(mood_crisis="moderate")
    ward.feels(by_patient(), 4)
    assert ward.store.emitted(sessions.ChatRiskRaised) == []
    mood = ward.feels(by_patient(), 1)

    (event,) = ward.store.emitted(sessions.ChatRiskRaised)
    assert event.chat_risk_id == event.mood_check_in_id == mood.id
    assert (event.patient_id, event.session_id, event.number) == ("p-1", "s-1", 0)
    assert event.severity == sessions.CHAT_RISK_SEVERITY_MODERATE
    assert event.location.state == "VA"
    assert told(ward)[-1].is_crisis_told


def test_a_program_may_want_crisis_to_hear_of_every_worry() -> None:
    ward = a_room(mood_crisis="low")
    for value in (9, 6, 3, None):
        ward.feels(by_patient(), value)
    assert len(ward.store.emitted(sessions.ChatRiskRaised)) == 3


def test_a_word_that_is_no_severity_stops_the_start() -> None:
    with pytest.raises(SettingsError):
        a_room(mood_crisis="sometimes")


def test_the_numbers_are_the_programs() -> None:
    strict = SessionsPolicy(mood_low=6, mood_very_low=3, mood_drop=1)
    assert concerns_of(6, (), strict) == (LOW,)
    assert concerns_of(3, (), strict) == (VERY_LOW,)
    assert concerns_of(8, (9,), strict) == (DROPPED,)


def test_a_patient_at_the_door_can_say_how_they_are() -> None:
    ward = Ward()
    ward.prepares()
    ward.enters(by_patient())
    ward.feels(by_patient(), 2)
    assert [(mood.alias, mood.value) for mood in told(ward)] == [("Blue Heron 4", 2)]


def test_asking_is_an_event_of_the_room_and_answers_name_it(ward: Ward) -> None:
    number = ward.sessions.moods.ask(by_facilitator(), InRoom("s-1"))
    ward.feels(by_patient(), 6, ask_number=number)

    assert ward.room()[-1].kind is RoomEventKind.MOOD_ASKED
    assert told(ward)[0].ask_number == number


def test_roles_are_checked(ward: Ward) -> None:
    with pytest.raises(PermissionDenied) as asked:
        ward.sessions.moods.ask(by_patient(), InRoom("s-1"))
    with pytest.raises(PermissionDenied) as given:
        ward.feels(by_facilitator(), 5)
    assert (asked.value.reason, given.value.reason) == ("NOT_FACILITATOR", "PATIENTS_ONLY")


def test_staff_who_come_later_are_shown_the_newest_mood_of_each_patient(ward: Ward) -> None:
    for patient_id, value in (("p-1", 8), ("p-2", 5), ("p-1", 3)):
        ward.pass_time(seconds=1)
        ward.feels(by_patient(patient_id), value)

    rows = len(ward.store.documents("audit_entries"))
    welcome = frames.welcome(ward.enters(by_facilitator()), heartbeat_seconds=1).welcome
    shown = {mood.alias: mood for mood in welcome.mood_check_ins}
    assert {alias: mood.value for alias, mood in shown.items()} == {
        "Blue Heron 4": 3,
        "Red Fox 7": 5,
    }
    assert list(shown["Blue Heron 4"].concerns) == [pb.MOOD_CONCERN_LOW, pb.MOOD_CONCERN_DROPPED]
    seen = {row["patient_id"] for row in ward.store.documents("audit_entries")[rows:]}
    assert {"p-1", "p-2"} <= seen


def test_a_peers_welcome_shows_no_mood(ward: Ward) -> None:
    ward.feels(by_patient("p-1"), 1)
    welcome = frames.welcome(ward.enters(by_patient("p-2")), heartbeat_seconds=1).welcome
    assert (list(welcome.mood_check_ins), list(welcome.chat_risks)) == ([], [])


def test_a_mood_is_on_the_patients_record(ward: Ward) -> None:
    rows = len(ward.store.documents("audit_entries"))
    ward.feels(by_patient(), 7)
    (row,) = ward.store.documents("audit_entries")[rows:]
    assert (row["action"], row["patient_id"]) == ("mood.give", "p-1")


def test_moods_are_counted_by_severity_alone(ward: Ward) -> None:
    def counted(severity: str) -> float:
        name = "haven_sessions_moods_total"
        return REGISTRY.get_sample_value(name, {"severity": severity}) or 0

    before = [counted(each) for each in ("none", "moderate")]
    ward.feels(by_patient(), 7)
    ward.feels(by_patient(), 0)
    assert [counted(each) for each in ("none", "moderate")] == [each + 1 for each in before]
