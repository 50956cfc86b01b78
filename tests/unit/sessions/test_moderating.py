"""Staff keeps a room safe, and nobody in need is let go of by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from chassis.errors import HavenError
from services.sessions.codec.attested import timestamp
from services.sessions.domain.aside import AsideRoom
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import (
    Enter,
    InRoom,
    Lead,
    LowerHand,
    Moderate,
    OpenPoll,
    PullAside,
    React,
    SayPrivately,
    Vote,
)
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.moderation import Act, Moderation
from services.sessions.domain.poll import Audience, PollTally, Question
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.roles import Role
from services.sessions.domain.whisper import PrivateWord
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

ANA, BEN = "Blue Heron 4", "Red Fox 7"
VIRGINIA = scheduling.SessionScheduled.CoFacilitator(clinician_id="co-1", states=["VA"])


@pytest.fixture
def ward() -> Ward:
    """A started session with both patients and two of staff."""
    made = Ward()
    made.prepares()
    made.schedules(2, co_facilitators=[VIRGINIA])
    made.starts()
    made.enters(by_patient("p-1"), "c-ana")
    made.enters(by_patient("p-2"), "c-ben")
    made.enters(by_facilitator(), "c-lead")
    made.enters(by_facilitator("co-1"), "c-co-1")
    return made


def does(
    ward: Ward, act: Act, alias: str = ANA, *, by: Call | None = None, contact: str = ""
) -> int:
    command = Moderate("s-1", act, alias, contact)
    return ward.sessions.moderating.moderate(by or by_facilitator(), command)


def whispers(ward: Ward, by: Call, text: str, alias: str = "") -> None:
    assert ward.sessions.words.say(by, SayPrivately("s-1", alias, text)) == 0


def reacts(ward: Ward) -> None:
    ward.sessions.gestures.react(by_patient("p-1"), React("s-1", Reaction.HEART))


def raises_hand(ward: Ward) -> int:
    return ward.sessions.gestures.raise_hand(by_patient("p-1"), InRoom("s-1"))


def lowers_hand(ward: Ward) -> int:
    return ward.sessions.gestures.lower_hand(by_patient("p-1"), LowerHand("s-1", ""))


def votes(ward: Ward) -> None:
    poll = ward.room()[-1].poll
    assert poll is not None
    ward.sessions.polls.vote(by_patient("p-1"), Vote("s-1", poll.poll_id, 1))


def asks(ward: Ward) -> None:
    question = Question("How hard was the week?", ("easy", "hard"), Audience.ALL)
    ward.sessions.polls.open(by_facilitator(), OpenPoll("s-1", question))


def about(ward: Ward, person_id: str, kind: type[Any]) -> list[Any]:
    return [each.about for each in ward.private(person_id) if isinstance(each.about, kind)]


def reason_of(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(HavenError) as refused:
        act(*args, **kwargs)
    return refused.value.reason


def test_a_muted_patient_cannot_speak_and_can_again(ward: Ward) -> None:
    does(ward, Act.MUTE)
    assert reason_of(ward.says, by_patient("p-1"), "hello") == "MUTED"
    does(ward, Act.UNMUTE, by=by_facilitator("co-1"))
    ward.says(by_patient("p-1"), "hello")


def test_a_muted_patients_safety_signal_and_words_to_staff_always_go(ward: Ward) -> None:
    does(ward, Act.MUTE)
    assert ward.presses(by_patient("p-1")).is_stored
    whispers(ward, by_patient("p-1"), "please")
    assert len(ward.store.emitted(sessions.SafetySignalRaised)) == 1


def test_a_muted_patient_shows_the_room_no_sign_either(ward: Ward) -> None:
    does(ward, Act.MUTE)
    before = ward.room()
    assert reason_of(reacts, ward) == "MUTED"
    assert ward.room() == before
    does(ward, Act.UNMUTE)
    reacts(ward)


def test_a_muted_patient_asks_to_speak_and_votes(ward: Ward) -> None:
    does(ward, Act.MUTE)
    asks(ward)
    votes(ward)
    raises_hand(ward)
    assert ward.room()[-1].kind is RoomEventKind.HAND_RAISED
    lowers_hand(ward)


@pytest.mark.parametrize("act", [Act.REMOVE, Act.BAR])
@pytest.mark.parametrize("does_it", [reacts, raises_hand, lowers_hand, votes])
def test_who_was_shown_out_does_nothing_in_the_room_any_more(
    ward: Ward, act: Act, does_it: Callable[[Ward], Any]
) -> None:
    does(ward, act)
    asks(ward)
    before = ward.room()
    assert reason_of(does_it, ward) == "NOT_ADMITTED"
    assert ward.room() == before
    assert about(ward, "f-1", PollTally) == []


def test_what_a_muted_patient_tries_to_say_is_still_judged(ward: Ward) -> None:
    does(ward, Act.MUTE)
    assert reason_of(ward.says, by_patient("p-1"), "I want to kill myself") == "MUTED"
    (raised,) = ward.store.emitted(sessions.ChatRiskRaised)
    assert (raised.patient_id, raised.number) == ("p-1", 0)


def test_a_mute_stays_over_a_new_connection(ward: Ward) -> None:
    does(ward, Act.MUTE)
    assert ward.enters(by_patient("p-1"), "c-new").is_muted


@pytest.mark.parametrize("act", [Act.MUTE, Act.REMOVE, Act.BAR])
def test_the_person_and_staff_are_told_and_no_peer(ward: Ward, act: Act) -> None:
    before = len(ward.room())
    does(ward, act)
    for person_id in ("p-1", "f-1", "co-1"):
        assert about(ward, person_id, Moderation) == [Moderation("s-1", act, ANA)]
    assert ward.private("p-2") == []
    kinds = [each.kind for each in ward.room()[before:]]
    assert kinds == ([] if act is Act.MUTE else [RoomEventKind.LEFT])


def test_who_was_removed_may_come_again_and_says_nothing_until_then(ward: Ward) -> None:
    does(ward, Act.REMOVE)
    assert reason_of(ward.says, by_patient("p-1"), "but") == "NOT_ADMITTED"
    assert reason_of(ward.beats, by_patient("p-1"), "c-ana") == "CONNECTION_REPLACED"
    ward.enters(by_patient("p-1"), "c-new")
    ward.says(by_patient("p-1"), "sorry")


def test_who_was_barred_cannot_come_back_until_staff_changes_its_mind(ward: Ward) -> None:
    does(ward, Act.BAR)
    assert reason_of(ward.enters, by_patient("p-1"), "c-new") == "BARRED"
    does(ward, Act.UNBAR)
    ward.enters(by_patient("p-1"), "c-new")


@pytest.mark.parametrize("act", [Act.REMOVE, Act.BAR])
@pytest.mark.parametrize("need", ["signal", "case"])
def test_a_patient_in_need_is_not_shown_out_before_somebody_is_named(
    ward: Ward, act: Act, need: str
) -> None:
    if need == "signal":
        ward.presses(by_patient("p-1"))
    else:
        ward.opens_case("some-signal")
    assert reason_of(does, ward, act) == "HANDOVER_REQUIRED"
    assert ward.room()[-1].kind is RoomEventKind.JOINED
    does(ward, Act.MUTE)
    does(ward, act, contact="dr-lee")
    assert about(ward, "dr-lee", Moderation) == [Moderation("s-1", act, ANA, "dr-lee")]


def test_a_patient_whose_case_is_over_may_be_shown_out(ward: Ward) -> None:
    ward.opens_case("some-signal")
    at = timestamp(ward.clock.now())
    ward.hears(crisis.CaseResolved(case_id="k-1", patient_id="p-1", resolve_time=at), 2)
    does(ward, Act.REMOVE)


def test_showing_out_somebody_who_called_for_help_is_told_to_crisis(ward: Ward) -> None:
    ward.presses(by_patient("p-1"))
    does(ward, Act.REMOVE, contact="dr-lee")
    (left,) = ward.store.emitted(sessions.EndangeredPatientLeft)
    assert left.patient_id == "p-1"


def test_only_staff_of_the_room_moderates_and_staff_is_not_moderated(ward: Ward) -> None:
    assert reason_of(does, ward, Act.MUTE, BEN, by=by_patient("p-1")) == "ROLE_NOT_ALLOWED"
    assert reason_of(does, ward, Act.MUTE, "Co-facilitator") == "STAFF_NOT_MODERATED"
    assert reason_of(does, ward, Act.MUTE, "Nobody") == "NOT_FOUND"


def test_a_locked_room_lets_nobody_new_in_but_those_who_were_there(ward: Ward) -> None:
    ward.schedules(3, patient_ids=["p-1", "p-2", "p-3"], co_facilitators=[VIRGINIA])
    ward.names("p-3", "Gray Owl 1")
    ward.attests("p-3")
    number = does(ward, Act.LOCK, "")
    assert ward.room()[-1].number == number
    assert does(ward, Act.LOCK, "") == 0
    assert reason_of(ward.enters, by_patient("p-3")) == "ROOM_LOCKED"
    ward.leaves(by_patient("p-1"), "c-ana")
    ward.enters(by_patient("p-1"), "c-back")
    ward.enters(by_facilitator("co-1"), "c-co-2")
    does(ward, Act.UNLOCK, "")
    ward.enters(by_patient("p-3"), "c-new")


def test_each_act_is_in_the_audit_trail_by_name(ward: Ward) -> None:
    does(ward, Act.BAR)
    rows = [each for each in ward.store.documents("audit_entries") if each["action"] == "room.bar"]
    assert "p-1" in {each["patient_id"] for each in rows}


def test_a_private_word_is_in_the_logs_of_those_two_sides_alone(ward: Ward) -> None:
    before = ward.room()
    whispers(ward, by_facilitator(), "are you well?", ANA)
    whispers(ward, by_patient("p-1"), "not really")
    for person_id in ("p-1", "f-1", "co-1"):
        assert about(ward, person_id, PrivateWord) == [
            PrivateWord("s-1", "Facilitator", Role.FACILITATOR, "are you well?", ANA),
            PrivateWord("s-1", ANA, Role.PATIENT, "not really"),
        ]
    assert ward.private("p-2") == []
    assert ward.room() == before


def test_a_patients_private_word_that_worries_is_told_to_crisis_and_staff(ward: Ward) -> None:
    whispers(ward, by_patient("p-1"), "I want to kill myself")
    (raised,) = ward.store.emitted(sessions.ChatRiskRaised)
    assert (raised.patient_id, raised.number) == ("p-1", 0)
    for person_id in ("f-1", "co-1"):
        (risk,) = about(ward, person_id, ChatRisk)
        assert risk.is_private
    assert about(ward, "p-1", ChatRisk) == []


def test_a_private_word_that_is_too_long_to_be_said_is_judged_all_the_same(ward: Ward) -> None:
    long = "I want to kill myself " + "x" * 3000
    assert reason_of(whispers, ward, by_patient("p-1"), long) == "TEXT_TOO_LONG"
    assert len(ward.store.emitted(sessions.ChatRiskRaised)) == 1
    assert about(ward, "f-1", PrivateWord) == []


@pytest.mark.parametrize("why", ["shown out", "over"])
def test_a_private_word_that_comes_too_late_is_judged_all_the_same(ward: Ward, why: str) -> None:
    if why == "over":
        ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    else:
        does(ward, Act.REMOVE)
    refused = reason_of(whispers, ward, by_patient("p-1"), "I want to kill myself")
    assert refused == ("SESSION_ENDED" if why == "over" else "ROLE_NOT_ALLOWED")
    assert [each.patient_id for each in ward.store.emitted(sessions.ChatRiskRaised)] == ["p-1"]
    assert about(ward, "f-1", PrivateWord) == []


def test_staffs_own_words_are_not_judged(ward: Ward) -> None:
    whispers(ward, by_facilitator(), "do you want to kill yourself?", ANA)
    assert ward.store.emitted(sessions.ChatRiskRaised) == []


def test_private_words_go_after_their_time_like_chat(ward: Ward) -> None:
    whispers(ward, by_patient("p-1"), "not really")
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    ward.pass_time(days=4000)
    ward.rings(only="chat-retention")
    assert {each.text for each in about(ward, "f-1", PrivateWord)} == {""}


class TestAside:
    """A room for two, while somebody else keeps the group."""

    def pulls(self, ward: Ward, by: Call | None = None, alias: str = ANA) -> AsideRoom:
        command = PullAside("s-1", alias, "key-1")
        assert ward.sessions.asides.pull(by or by_facilitator(), command) == 0
        told: AsideRoom = about(ward, "p-1", AsideRoom)[-1]
        return told

    def enters(self, ward: Ward, by: Call, room: AsideRoom) -> Any:
        ticket = ward.ticket(by, room.session_id)
        enter = Enter(room.session_id, f"a-{by.actor.subject}", 0, None, join_ticket=ticket)
        return ward.sessions.doors.enter(by, enter)

    def test_both_are_told_where_and_meet_there_and_no_peer_knows(self, ward: Ward) -> None:
        before = len(ward.room())
        room = self.pulls(ward, by_facilitator("co-1"))
        assert (room.alias, room.staff_alias) == (ANA, "Co-facilitator")
        assert len(ward.room()) == before
        assert ward.private("p-2") == []
        assert self.enters(ward, by_patient("p-1"), room).role is Role.PATIENT
        met = self.enters(ward, by_facilitator("co-1"), room)
        assert (met.role, [each.alias for each in met.companions]) == (
            Role.FACILITATOR,
            [ANA, "Facilitator"],
        )
        assert reason_of(self.enters, ward, by_patient("p-2"), room) == "NOT_FOUND"

    @pytest.mark.parametrize("licensed", [[], ["MD", "DC"]])
    def test_who_may_not_treat_the_patient_there_opens_no_room(
        self, ward: Ward, licensed: list[str]
    ) -> None:
        co = scheduling.SessionScheduled.CoFacilitator(clinician_id="co-1", states=licensed)
        ward.schedules(3, co_facilitators=[co])
        before = {name: ward.store.documents(name) for name in ("sessions", "private_events")}
        with pytest.raises(HavenError) as refused:
            self.pulls(ward, by_facilitator("co-1"))
        assert refused.value.reason == "LICENSE_STATE_MISMATCH"
        assert refused.value.metadata["help"] == "ASK_COLLEAGUE"
        assert {name: ward.store.documents(name) for name in before} == before
        assert self.enters(ward, by_patient("p-1"), self.pulls(ward)).wait_reason is None

    def test_where_the_lead_goes_aside_a_co_facilitator_keeps_the_group(self, ward: Ward) -> None:
        self.pulls(ward)
        assert ward.room()[-1].kind is RoomEventKind.PROMOTED
        ward.sessions.rooms.start_break(by_facilitator("co-1"), Lead("s-1"))

    def test_without_one_the_group_is_held_until_they_are_back(self, ward: Ward) -> None:
        ward.leaves(by_facilitator("co-1"), "c-co-1")
        room = self.pulls(ward)
        ward.beats(by_facilitator(), "c-lead")
        assert ward.room()[-1].kind is RoomEventKind.HELD
        ward.sessions.rooms.end(by_facilitator(), Lead(room.session_id))
        assert ward.room()[-1].kind is RoomEventKind.RESUMED

    def test_nothing_of_it_is_counted_or_published(self, ward: Ward) -> None:
        room = self.pulls(ward)
        self.enters(ward, by_patient("p-1"), room)
        ward.pass_time(minutes=10)
        ward.sessions.rooms.end(by_facilitator(), Lead(room.session_id))
        ward.rings(only="session-seals")
        started = {each.session_id for each in ward.store.emitted(sessions.SessionStarted)}
        recorded = {each.session_id for each in ward.store.emitted(sessions.AttendanceRecorded)}
        assert room.session_id not in started | recorded

    def test_only_staff_asks_and_only_a_patient_in_the_room_is_asked(self, ward: Ward) -> None:
        assert reason_of(self.pulls, ward, by_patient("p-2")) == "ROLE_NOT_ALLOWED"
        assert reason_of(self.pulls, ward, alias="Facilitator") == "NOT_FOUND"
        ward.leaves(by_patient("p-1"), "c-ana")
        assert reason_of(self.pulls, ward) == "NOT_FOUND"
