"""A poll is answered once by each patient, told as counts, and never tells who said what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from haven.sessions.v1 import activities_pb2 as pb

from chassis.errors import FailedPrecondition, HavenError, InvalidArgument, NotFound
from services.sessions.codec import frames
from services.sessions.domain.commands import ClosePoll, Lead, OpenPoll, Vote
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.poll import Audience, PollTally, Question
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

PATIENTS = [f"p-{number}" for number in range(1, 7)]
QUESTION = Question("How hard was the week?", ("easy", "so so", "hard"), Audience.ALL)
FOR_STAFF = replace(QUESTION, audience=Audience.STAFF)


@pytest.fixture
def ward() -> Ward:
    """An open room with six patients and its facilitator."""
    return a_room()


def a_room(**numbers: Any) -> Ward:
    ward = Ward(numbers)
    ward.schedules(patient_ids=PATIENTS)
    for at, patient_id in enumerate(PATIENTS):
        ward.names(patient_id, f"Heron {at}")
        ward.attests(patient_id)
    ward.starts()
    for call in (*map(by_patient, PATIENTS), by_facilitator()):
        ward.enters(call)
    return ward


def opens(ward: Ward, question: Question = QUESTION) -> str:
    """The facilitator asks; the poll's id."""
    ward.sessions.polls.open(by_facilitator(), OpenPoll("s-1", question))
    poll = ward.room()[-1].poll
    assert poll is not None
    return poll.poll_id


def votes(ward: Ward, poll_id: str, *options: int) -> None:
    """The first patient for the first of the options, and so on."""
    for patient_id, option in zip(PATIENTS, options, strict=False):
        ward.sessions.polls.vote(by_patient(patient_id), Vote("s-1", poll_id, option))


def closes(ward: Ward, poll_id: str) -> int:
    return ward.sessions.polls.close(by_facilitator(), ClosePoll("s-1", poll_id))


def shown(ward: Ward, *, for_staff: bool) -> pb.Poll:
    """The poll in the newest event, as one of the room sees it."""
    return frames.room_event(ward.room()[-1], for_staff=for_staff).room_event.poll


def tallies(ward: Ward) -> list[tuple[int, ...]]:
    private = ward.private("f-1")
    return [each.about.counts for each in private if isinstance(each.about, PollTally)]


def test_an_open_poll_shows_its_question_and_no_counts_to_peers(ward: Ward) -> None:
    opens(ward)

    poll = shown(ward, for_staff=False)
    assert (poll.question, list(poll.options)) == (QUESTION.text, list(QUESTION.options))
    assert poll.state == pb.POLL_STATE_OPEN
    assert (list(poll.counts), poll.is_result_hidden) == ([], True)


def test_a_closed_poll_tells_everybody_how_many_and_nobody_who(ward: Ward) -> None:
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 3, 3, 2, 3)
    closes(ward, poll_id)

    for for_staff in (True, False):
        poll = shown(ward, for_staff=for_staff)
        assert (list(poll.counts), poll.state) == ([1, 1, 3], pb.POLL_STATE_CLOSED)
        assert not poll.is_result_hidden
        assert "p-1" not in str(poll)


def test_votes_are_no_events_of_the_room(ward: Ward) -> None:
    poll_id = opens(ward)
    before = ward.room()
    votes(ward, poll_id, 1, 2, 3)

    assert ward.room() == before
    assert all(ward.private(patient_id) == [] for patient_id in PATIENTS)


def test_a_vote_may_be_changed_and_counts_once(ward: Ward) -> None:
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 1, 1, 1, 1)
    votes(ward, poll_id, 2)
    votes(ward, poll_id, 2)
    closes(ward, poll_id)

    assert list(shown(ward, for_staff=False).counts) == [4, 1, 0]


def test_staff_follow_the_counts_as_they_come(ward: Ward) -> None:
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 3)
    votes(ward, poll_id, 1)  # the same again is no news
    votes(ward, poll_id, 3)

    assert tallies(ward) == [(1, 0, 0), (1, 0, 1), (0, 0, 2)]
    assert "p-1" not in str(ward.store.documents("private_events"))


def test_a_result_for_staff_is_shown_to_staff_alone(ward: Ward) -> None:
    poll_id = opens(ward, FOR_STAFF)
    votes(ward, poll_id, 1, 1, 1, 1, 1)
    closes(ward, poll_id)

    assert list(shown(ward, for_staff=True).counts) == [5, 0, 0]
    hidden = shown(ward, for_staff=False)
    assert (list(hidden.counts), hidden.is_result_hidden) == ([], True)


def test_few_votes_are_not_shown_to_peers_and_every_such_result_looks_the_same() -> None:
    seen = set()
    for options in ((), (1,), (3, 3), (1, 2, 3, 3)):
        ward = a_room()
        poll_id = opens(ward)
        votes(ward, poll_id, *options)
        closes(ward, poll_id)
        assert sum(shown(ward, for_staff=True).counts) == len(options)
        hidden = shown(ward, for_staff=False)
        assert hidden.is_result_hidden
        hidden.poll_id = ""
        seen.add(hidden.SerializeToString(deterministic=True))
    assert len(seen) == 1


def test_the_least_number_of_votes_is_the_programs() -> None:
    ward = a_room(poll_least_votes=2)
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 1)
    closes(ward, poll_id)

    assert list(shown(ward, for_staff=False).counts) == [2, 0, 0]


def test_who_voted_what_is_forgotten_when_the_poll_is_closed(ward: Ward) -> None:
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 2, 3)
    assert "p-2" in str(ward.store.documents("polls"))
    closes(ward, poll_id)

    (stored,) = ward.store.documents("polls")
    assert (stored["votes"], stored["counts"]) == ([], [1, 1, 1])
    assert "p-2" not in str(stored)


def test_who_comes_later_is_shown_the_open_poll_and_the_own_vote(ward: Ward) -> None:
    poll_id = opens(ward)
    votes(ward, poll_id, 2)

    own = frames.welcome(ward.enters(by_patient("p-1")), heartbeat_seconds=1).welcome.open_poll
    assert (own.poll_id, own.own_option, list(own.counts)) == (poll_id, 2, [])
    peer = frames.welcome(ward.enters(by_patient("p-2")), heartbeat_seconds=1).welcome.open_poll
    assert (peer.own_option, list(peer.counts)) == (0, [])
    staff = frames.welcome(ward.enters(by_facilitator()), heartbeat_seconds=1).welcome.open_poll
    assert list(staff.counts) == [0, 1, 0]


def test_a_closed_poll_is_in_no_welcome_and_takes_no_votes(ward: Ward) -> None:
    poll_id = opens(ward)
    closes(ward, poll_id)

    assert ward.enters(by_patient()).activity.poll is None
    for act in (lambda: votes(ward, poll_id, 1), lambda: closes(ward, poll_id)):
        with pytest.raises(FailedPrecondition) as error:
            act()
        assert error.value.reason == "POLL_CLOSED"


def test_one_poll_at_a_time(ward: Ward) -> None:
    poll_id = opens(ward)
    with pytest.raises(FailedPrecondition) as error:
        opens(ward)
    assert error.value.reason == "POLL_OPEN_ALREADY"
    closes(ward, poll_id)
    opens(ward)


def test_the_end_of_the_session_closes_the_poll_before_the_room(ward: Ward) -> None:
    votes(ward, opens(ward), 1, 1, 1, 1, 2)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))

    *_, poll, end = ward.room()
    assert (poll.kind, end.kind) == (RoomEventKind.POLL_CLOSED, RoomEventKind.SESSION_ENDED)
    assert poll.poll is not None
    assert poll.poll.counts == (4, 1, 0)


@pytest.mark.parametrize("option", [0, -1, 4])
def test_an_option_that_there_is_not_is_refused(ward: Ward, option: int) -> None:
    poll_id = opens(ward)
    with pytest.raises(InvalidArgument) as error:
        votes(ward, poll_id, option)
    assert error.value.reason == "OPTION_UNKNOWN"


def test_a_poll_of_nowhere_and_of_another_room_are_not_found(ward: Ward) -> None:
    poll_id = opens(ward)
    with pytest.raises(NotFound):
        votes(ward, "nowhere", 1)
    ward.schedules(session_id="s-2", group_id="g-1", patient_ids=PATIENTS)
    ward.sessions.rooms.start(by_facilitator(), Lead("s-2"))
    with pytest.raises(NotFound):
        ward.sessions.polls.vote(by_patient(), Vote("s-2", poll_id, 1))


def test_polls_add_no_audit_rows(ward: Ward) -> None:
    rows = len(ward.store.documents("audit_entries"))
    poll_id = opens(ward)
    votes(ward, poll_id, 1, 2)
    closes(ward, poll_id)

    assert len(ward.store.documents("audit_entries")) == rows


def test_roles_are_checked(ward: Ward) -> None:
    poll_id = opens(ward)
    refused = {}
    acts = {
        "open": lambda: ward.sessions.polls.open(by_patient(), OpenPoll("s-1", QUESTION)),
        "close": lambda: ward.sessions.polls.close(by_patient(), ClosePoll("s-1", poll_id)),
        "vote": lambda: ward.sessions.polls.vote(by_facilitator(), Vote("s-1", poll_id, 1)),
    }
    for name, act in acts.items():
        with pytest.raises(HavenError) as error:
            act()
        refused[name] = error.value.reason
    not_lead = "NOT_FACILITATOR"
    assert refused == {"open": not_lead, "close": not_lead, "vote": "PATIENTS_ONLY"}


@pytest.mark.parametrize(
    "question",
    [
        replace(QUESTION, text=" "),
        replace(QUESTION, text="x" * 301),
        replace(QUESTION, text="one\x1b[2J"),
        replace(QUESTION, options=("one",)),
        replace(QUESTION, options=("one", "one")),
        replace(QUESTION, options=("one", "")),
        replace(QUESTION, options=("one", "x" * 101)),
        replace(QUESTION, options=tuple(map(str, range(11)))),
    ],
)
def test_what_nobody_could_answer_is_not_asked(ward: Ward, question: Question) -> None:
    before = ward.room()
    with pytest.raises(InvalidArgument) as error:
        opens(ward, question)
    assert error.value.reason == "POLL_MALFORMED"
    assert ward.room() == before
