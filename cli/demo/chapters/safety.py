"""6. "I am not safe": the next one is woken until somebody has it, and peers saw nothing."""

from __future__ import annotations

import time
from datetime import UTC

from haven.crisis.v1 import crisis_pb2, follow_ups_pb2, safety_plans_pb2
from haven.crisis.v1 import resources_pb2 as crisis

from cli.demo.attendee import Attendee, since, together
from cli.demo.cast import SUPERVISOR, Story, email_of
from cli.demo.world import Person


def play(story: Story, attendees: dict[str, Attendee]) -> None:
    """Signal, page, climb, acknowledge, contact, resolve."""
    story.timeline.chapter("6. The private safety signal")
    seen_before = len(attendees["first"].received)
    pages_before = {part: len(story.mails_to(email_of(part))) for part in ("facilitator", "second")}
    case = _signal(story, attendees, pages_before["facilitator"])
    _climb(story, attendees["second-patient"], pages_before["second"])
    _taken(story, attendees["second-patient"], case)
    _peers(story, attendees["first"], seen_before)
    _afterwards(story, attendees["second-patient"].person, case)


def _signal(story: Story, attendees: dict[str, Attendee], pages: int) -> crisis.Case:
    timeline, patient = story.timeline, attendees["second-patient"]
    start = time.monotonic()
    patient.call_for_help()
    timeline.wait("the first answer", together(lambda: bool(patient.told())), within=5)
    timeline.note(
        "sessions", f"The patient is told: {patient.told()[-1]}", milliseconds=since(start)
    )
    staff = attendees["facilitator"]
    timeline.wait("the facilitator to see it", together(lambda: bool(staff.told())), within=5)
    timeline.note("sessions", "The facilitator sees it", milliseconds=since(start))

    def paged() -> bool:
        return len(story.mails_to(email_of("facilitator"))) > pages

    timeline.wait("the first page", together(paged), within=5)
    timeline.note("notify", "The on-call clinician is paged by e-mail", milliseconds=since(start))
    cases = story.world.ask(
        SUPERVISOR, crisis_pb2.ListCasesRequest(patient_id=patient.person.subject)
    ).cases
    timeline.claim("One case is open for the patient", len(cases) == 1, seen=f"{len(cases)} cases")
    mail = story.mails_to(email_of("facilitator"))[-1]
    wording = (mail.subject + mail.text).lower()
    timeline.claim(
        "The page names no patient and no condition",
        patient.person.subject not in wording
        and not any(word in wording for word in ("suicid", "depress", "sample")),
    )
    found: crisis.Case = cases[0]
    return found


def _climb(story: Story, patient: Attendee, pages: int) -> None:
    story.timeline.note("crisis", f"Nobody acknowledges for {story.rung_seconds} s")
    second = email_of("second")
    story.timeline.wait(
        "the second rung",
        lambda: story.mails_to(second)[pages:] or None,
        within=story.rung_seconds + 5,
    )
    first_page = story.mails_to(email_of("facilitator"))[-1].receive_time
    gap = (story.mails_to(second)[pages].receive_time - first_page).total_seconds()
    story.timeline.claim(
        f"The second rung is paged {story.rung_seconds} s later, within half a second",
        abs(gap - story.rung_seconds) <= 0.5 * story.timeline.patience,
        seen=f"{gap:.2f} s",
    )
    story.timeline.wait(
        f"the patient to know, told {patient.told()}",
        together(lambda: patient.told()[-1] == "NOBODY_YET"),
        within=5,
    )
    last = patient.private[-1].safety_signal
    story.timeline.claim(
        "The patient is told that nobody has it yet, and a number to call",
        bool(last.call_number),
        seen=str(patient.told()),
    )


def _taken(story: Story, patient: Attendee, case: crisis.Case) -> None:
    world, timeline, second = story.world, story.timeline, story.people["second"]
    world.ask(second, crisis_pb2.AcknowledgeCaseRequest(case_id=case.case_id))
    start = time.monotonic()
    timeline.wait("held", together(lambda: patient.told()[-1] == "HELD_BY_ROLE"), within=5)
    timeline.note(
        "sessions", "The patient is told that a clinician has it", milliseconds=since(start)
    )
    world.ask(
        second,
        crisis_pb2.RecordContactRequest(
            case_id=case.case_id, contact_method=crisis.CONTACT_METHOD_PHONE
        ),
    )
    pack = world.ask(
        second,
        crisis_pb2.GetEmergencyPackRequest(
            case_id=case.case_id, purpose=crisis_pb2.REVEAL_PURPOSE_EMERGENCY_RESPONSE
        ),
    ).emergency_pack
    timeline.claim(
        "The responder has the attested place and the emergency contact",
        bool(pack.newest_location.address and pack.emergency_contact.phone),
    )
    world.ask(
        SUPERVISOR,
        crisis_pb2.ResolveCaseRequest(
            case_id=case.case_id, disposition=crisis.DISPOSITION_SAFETY_PLAN_WITH_SUPPORTS
        ),
    )
    timeline.wait("resolved", together(lambda: patient.told()[-1] == "RESOLVED"), within=5)
    _told(story, patient, case)


def _told(story: Story, patient: Attendee, case: crisis.Case) -> None:
    """What the patient heard and what the record holds."""
    timeline = story.timeline
    told = list(dict.fromkeys(patient.told()))  # each state at the first time it was said
    timeline.claim(
        "At each step the patient was told whether someone has it",
        told == ["NOBODY_YET", "SENT", "HELD_BY_ROLE", "RESOLVED"],
        seen=", ".join(patient.told()),
    )
    acts = story.world.ask(SUPERVISOR, crisis_pb2.GetCaseRequest(case_id=case.case_id)).acts
    names = [crisis.CaseActKind.Name(act.kind).removeprefix("CASE_ACT_KIND_") for act in acts]
    for act, name in zip(acts, names, strict=True):
        at = act.act_time.ToDatetime(tzinfo=UTC).strftime("%H:%M:%S.%f")[:-3]
        timeline.note("crisis", f"{at}  {name.lower().replace('_', ' ')}")
    timeline.claim(
        "The case's timeline holds every act in order",
        [name for name in names if name in ACTS] == list(ACTS),
        seen=", ".join(names),
    )


def _afterwards(story: Story, patient: Person, case: crisis.Case) -> None:
    """A case does not end with its last page: a plan for the patient, and what must follow."""
    world, timeline, clinician = story.world, story.timeline, story.people["second"]
    item = crisis.SafetyPlanItem(text="a walk by the river with my sister", phone="+12025550101")
    section = crisis.SafetyPlanSection(
        kind=crisis.SAFETY_PLAN_SECTION_KIND_PEOPLE_AND_PLACES, items=[item]
    )
    world.ask(
        clinician,
        safety_plans_pb2.ReviseSafetyPlanRequest(patient_id=patient.subject, sections=[section]),
    )
    copy = world.ask(
        patient, safety_plans_pb2.GetSafetyPlanRequest(patient_id=patient.subject)
    ).safety_plan
    timeline.claim(
        "The patient reads the own safety plan, with a number that is answered now",
        copy.sections[0].items[0] == item and copy.call_number == "988",
    )
    planned = world.ask(
        clinician, follow_ups_pb2.ListFollowUpsRequest(patient_id=patient.subject)
    ).follow_ups
    of_case = [each for each in planned if each.case_id == case.case_id]
    kinds = {follow_ups_pb2.FollowUpKind.Name(each.kind).lower() for each in of_case}
    timeline.claim(
        "What must follow the case is planned, each with an owner and a due time",
        len(kinds) >= 4 and all(each.HasField("due_time") for each in of_case),
        seen=f"{len(of_case)} follow-ups",
    )


def _peers(story: Story, peer: Attendee, seen_before: int) -> None:
    story.timeline.claim(
        "Peers saw nothing: no private event, no room event",
        not peer.private
        and not any(_says_something(frame) for frame in peer.received[seen_before:]),
        seen=f"{len(peer.received) - seen_before} frames",
    )


def _says_something(frame: bytes) -> bool:
    from haven.sessions.v1.sessions_pb2 import AttendSessionResponse

    return AttendSessionResponse.FromString(frame).WhichOneof("frame") != "ping"


ACTS = ("OPENED", "ESCALATED", "ACKNOWLEDGED", "CONTACTED", "RESOLVED")
