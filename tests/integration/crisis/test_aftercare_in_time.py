"""What is not done in time reaches somebody: real timers, a real database, real mail."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Actor, Call, Role
from chassis.deadline import Deadline
from chassis.errors import HavenError
from cli.servers import SmtpServer
from services.crisis.domain.aftercare import AftercarePolicy
from services.crisis.domain.aftercare_commands import CompleteFollowUp
from services.crisis.domain.follow_up import Outcome
from services.crisis.domain.person_request import QueuePolicy
from tests.integration.crisis.ward import TENANT, Ward
from tests.waiting import eventually

SOON = AftercarePolicy(
    contact_seconds_high=(0.5, 60.0), most_escalations=2, escalation_repeat_seconds=0.5
)
FIRST_CONTACT = {"kind": "contact", "number": 1}


def closed_case(ward: Ward, patient_id: str = "p-1") -> str:
    """A case from its signal to its end."""
    ward.signal(patient_id)
    case_id = str(ward.case_of(patient_id)["_id"])
    ward.acknowledge(case_id)
    ward.contact(case_id)
    ward.resolve(case_id)
    return case_id


def missed_events(ward: Ward) -> list[dict[str, Any]]:
    """Every FollowUpMissed that was published."""
    outbox = ward.client[ward.databases["crisis"]].outbox
    return list(outbox.find({"type": "haven.crisis.v1.FollowUpMissed"}))


def test_a_contact_that_was_not_made_wakes_people_and_ends_with_the_supervisors(
    ward: Ward,
) -> None:
    ward.numbers = replace(ward.numbers, aftercare=SOON)
    ward.start_relay()  # two relays must not do more than one
    closed_case(ward)

    def owned() -> bool:
        (contact,) = ward.follow_ups(**FIRST_CONTACT)
        return bool(contact["owner_role"] == "supervisor")

    eventually(owned, within=20)
    (contact,) = ward.follow_ups(**FIRST_CONTACT)
    assert (contact["state"], contact["escalation_count"]) == ("missed", 2)
    assert contact["escalate_time"] is None
    assert len(missed_events(ward)) == 2
    (case,) = ward.cases(source="missed_follow_up")
    assert (case["severity"], case["is_open"]) == ("moderate", True)

    def told() -> Counter[str]:
        return Counter(m["recipient_id"] for m in ward.messages(template_id="overdue"))

    eventually(lambda: told() == {"dr-one": 1, "supervisor-pool": 1}, within=20)


def test_of_those_who_complete_one_at_the_same_moment_one_has_done_it(ward: Ward) -> None:
    ward.numbers = replace(ward.numbers, aftercare=SOON)
    closed_case(ward)
    (contact,) = ward.follow_ups(**FIRST_CONTACT)
    command = CompleteFollowUp(contact["_id"], Outcome.REACHED)

    failures = ward.at_once(
        [partial(ward.crisis.care.follow_ups.complete, ward.staff("dr-one"), command)] * 3
    )

    refused = [error.reason for error in failures if isinstance(error, HavenError)]
    assert refused == ["FOLLOW_UP_CLOSED"] * 2
    (contact,) = ward.follow_ups(**FIRST_CONTACT)
    assert (contact["state"], contact["closer_id"]) == ("done", "dr-one")


def test_what_passed_while_no_relay_ran_is_found_when_one_does(ward: Ward) -> None:
    ward.numbers = replace(ward.numbers, aftercare=SOON)
    ward.stop_relays()
    closed_case(ward)
    (contact,) = ward.follow_ups(**FIRST_CONTACT)
    eventually(lambda: ward.crisis_store.clock.now() > contact["due_time"], within=5)
    assert missed_events(ward) == []

    ward.start_relay()

    eventually(lambda: ward.follow_ups(**FIRST_CONTACT)[0]["state"] == "missed", within=10)


def test_a_discharge_heard_by_two_ways_at_once_is_followed_once_and_missed_in_time(
    ward: Ward,
) -> None:
    ward.numbers = replace(ward.numbers, aftercare=AftercarePolicy(discharge_contact_seconds=0.5))
    event = intake_pb2.PatientDischarged(patient_id="p-1", episode_id="e-1", clinician_id="dr-one")
    event.discharge_time.FromDatetime(ward.crisis_store.clock.now())

    failures = ward.at_once([partial(ward.hear, event, event_id="told-once")] * 2)

    assert failures == [None] * 2
    caring = ward.follow_ups(kind="caring_contact")
    assert sorted(each["number"] for each in caring) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    first = {"kind": "caring_contact", "number": 1}
    eventually(lambda: ward.follow_ups(**first)[0]["state"] == "missed", within=10)


def test_a_storm_of_attestations_from_a_new_state_keeps_every_place(ward: Ward) -> None:
    places = [
        sessions_pb2.LocationAttested(
            location_id=f"l-{number}", patient_id=f"p-{number}", state="VA"
        )
        for number in range(20)
    ]

    failures = ward.at_once([partial(ward.hear, place) for place in places])

    assert failures == [None] * 20
    database = ward.client[ward.databases["crisis"]]
    assert database.locations.count_documents({}) == 20
    assert [each["state"] for each in database.states_seen.find()] == ["VA"]


def test_whoever_is_on_duty_hears_that_somebody_waits(ward: Ward) -> None:
    patient = Actor("p-1", frozenset({Role.PATIENT}))
    call = Call(TENANT, patient, "test.act", None, Deadline.after(20))
    standing = ward.crisis.care.person_queue.request(call, "p-1")
    assert standing.expected_wait is not None

    eventually(lambda: ward.messages(template_id="person-waiting"), within=15)

    told = [each["recipient_id"] for each in ward.messages(template_id="person-waiting")]
    assert told == ["dr-one"]


def test_a_wait_for_a_person_beyond_the_bound_opens_one_case(ward: Ward) -> None:
    ward.numbers = replace(ward.numbers, queue=QueuePolicy(wait_bound_seconds=0.3))
    ward.start_relay()
    patient = Actor("p-1", frozenset({Role.PATIENT}))
    call = Call(TENANT, patient, "test.act", None, Deadline.after(20))
    ward.crisis.care.person_queue.request(call, "p-1")

    case = eventually(lambda: ward.cases(patient_id="p-1"), within=10)[0]
    assert (case["source"], case["severity"]) == ("person_requested", "low")
    look = ward.crisis.care.person_queue_queries.get
    eventually(lambda: look(call, "p-1").request.is_past_bound, within=10)
    taken = ward.crisis.care.person_queue.take_next(ward.staff("dr-one"), None)
    assert taken is not None
    assert len(ward.cases()) == 1


def absent(
    ward: Ward, session_id: str = "s-1", patient_id: str = "p-1", *, minutes: float = 0
) -> sessions_pb2.PatientAbsent:
    """From a session that begins so long after this moment."""
    event = sessions_pb2.PatientAbsent(session_id=session_id, patient_id=patient_id)
    event.start_time.FromDatetime(ward.crisis_store.clock.now() + timedelta(minutes=minutes))
    return event


def came(ward: Ward, patient_id: str) -> sessions_pb2.AbsentPatientCame:
    """To the first session, at this moment."""
    event = sessions_pb2.AbsentPatientCame(session_id="s-1", patient_id=patient_id)
    event.arrive_time.FromDatetime(ward.crisis_store.clock.now())
    return event


def test_an_absence_told_twice_at_once_is_one_call_and_the_supervisors_hear_when_nobody_makes_it(
    ward: Ward, smtp: SmtpServer
) -> None:
    soon = AftercarePolicy(absence_call_seconds=0.5, least_call_seconds=0.1)
    ward.numbers = replace(ward.numbers, aftercare=soon)
    event = absent(ward)

    failures = ward.at_once([partial(ward.hear, event, event_id="told-once")] * 2)

    assert failures == [None] * 2
    (call,) = ward.follow_ups(kind="absence_call")
    assert (call["number"], call["owner_role"]) == (1, "clinician")
    eventually(lambda: ward.follow_ups(kind="absence_call")[0]["state"] == "missed", within=20)
    eventually(lambda: smtp.mails_to(ward.address("supervisor-pool")), within=20)


def test_a_call_that_three_close_at_once_as_unanswered_has_one_next_attempt(ward: Ward) -> None:
    ward.hear(absent(ward))
    (call,) = ward.follow_ups(kind="absence_call")
    command = CompleteFollowUp(call["_id"], Outcome.NOT_REACHED)

    ward.at_once([partial(ward.crisis.care.follow_ups.complete, ward.staff("dr-one"), command)] * 3)

    calls = ward.follow_ups(kind="absence_call")
    assert sorted((each["number"], each["is_open"]) for each in calls) == [(1, False), (2, True)]


def test_the_patient_who_comes_ends_the_calls(ward: Ward) -> None:
    ward.hear(absent(ward))
    ward.hear(sessions_pb2.AbsentPatientCame(session_id="s-1", patient_id="p-1"))

    (call,) = ward.follow_ups(kind="absence_call")
    assert (call["state"], call["cancel_reason"]) == ("cancelled", "patient_came")


def test_who_missed_another_session_since_is_called_whenever_the_word_of_their_coming_arrives(
    ward: Ward,
) -> None:
    people = [f"p-{number}" for number in range(8)]
    for person in people:
        ward.hear(absent(ward, "s-1", person))
    comings = [came(ward, person) for person in people]
    absences = [absent(ward, "s-2", person, minutes=1) for person in people]
    for absence in absences[:4]:
        ward.hear(absence)

    told = [event for pair in zip(comings, absences, strict=True) for event in pair]
    failures = ward.at_once([partial(ward.hear, event) for event in told])

    assert failures == [None] * 16
    to_call = ward.follow_ups(kind="absence_call", is_open=True)
    assert sorted(each["patient_id"] for each in to_call) == people
