"""5. A make-up session: aliases, one order, counted minutes, a cut that loses nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import grpc
from google.type.date_pb2 import Date
from haven.scheduling.v1 import scheduling_pb2
from haven.sessions.v1 import assignments_pb2, sessions_pb2
from haven.sessions.v1 import resources_pb2 as sessions

from cli.demo.attendee import Attendee, since, together
from cli.demo.cast import COORDINATOR, Story
from cli.demo.chapters.admission import ADDRESS, NUMBER
from cli.demo.world import refusal

JOIN_SECONDS = 10.0
PRESENT = ("first", "second-patient")


def play(story: Story) -> dict[str, Attendee]:
    """Open the room; returns who is in it."""
    story.timeline.chapter("5. A live session")
    _schedule(story)
    _attest(story)
    _start(story)
    attendees = _join(story)
    _talk(story, attendees)
    _cut(story, attendees)
    _minutes(story)
    _break(story, attendees)
    _give(story, attendees)
    return attendees


def _schedule(story: Story) -> None:
    patients = [story.patient(part).subject for part in ("first", "second-patient", "missing")]
    request = scheduling_pb2.ScheduleSessionRequest(
        group_id=story.ids["group"],
        facilitator_id=story.people["facilitator"].subject,
        patient_ids=patients,
        time_zone="America/New_York",
        counted_minutes=60,
    )

    def scheduled() -> str | None:
        try:
            answer = story.world.ask(COORDINATOR, request)
        except grpc.RpcError as error:
            if refusal(error).code in {"NOT_FOUND", "FAILED_PRECONDITION"}:
                request.request_id = ""
                return None  # the last admission is still on its way
            raise
        return str(answer.session.session_id)

    story.ids["session"] = story.timeline.wait("a make-up session", scheduled, within=10)

    def seated() -> bool:
        try:
            session = story.world.ask(
                story.people["facilitator"],
                sessions_pb2.GetSessionRequest(session_id=story.ids["session"]),
            ).session
        except grpc.RpcError:
            return False
        return len(session.seats) == len(patients) and all(seat.alias for seat in session.seats)

    story.timeline.wait("the room with its roster and aliases", together(seated), within=10)
    story.timeline.note("sessions", "The room has its roster, and an alias for each patient")


def _attest(story: Story) -> None:
    stale = Attendee(story.world, story.patient("first"), story.ids["session"])
    stale.connect()
    story.timeline.wait("the door to answer", together(lambda: bool(stale.ended)), within=5)
    story.timeline.claim(
        "Who has not said where they sit is not let in (LOCATION_STALE)",
        stale.ended == "LOCATION_STALE",
        seen=stale.ended,
    )
    for part in ("first", "second-patient"):
        patient = story.patient(part)
        story.world.ask(
            patient,
            sessions_pb2.AttestLocationRequest(
                patient_id=patient.subject,
                state="VA",
                address=ADDRESS,
                callback_number=NUMBER,
                others_present="nobody",
                disconnection_plan="we call this number at once",
            ),
        )


def _start(story: Story) -> None:
    story.world.ask(
        story.people["facilitator"],
        sessions_pb2.StartSessionRequest(session_id=story.ids["session"]),
    )
    story.timeline.note(
        "sessions", "The facilitator opens the room", milliseconds=story.world.milliseconds
    )


def _join(story: Story) -> dict[str, Attendee]:
    attendees = {}
    for part in ("facilitator", "first", "second-patient"):
        attendee = Attendee(story.world, story.people[part], story.ids["session"])
        start = time.monotonic()
        attendee.connect()
        story.timeline.wait(
            f"{part} in the room",
            together(lambda one=attendee: one.welcome is not None),  # type: ignore[misc]
            within=JOIN_SECONDS,
        )
        alias = attendee.welcome.alias if attendee.welcome else ""
        story.timeline.note(
            "sessions", f"In the room, known to the others as '{alias}'", milliseconds=since(start)
        )
        attendees[part] = attendee
    return attendees


def _talk(story: Story, attendees: dict[str, Attendee]) -> None:
    for line in range(5):
        for attendee in attendees.values():
            attendee.say(f"sample line {line}")

    def all_heard() -> bool:
        return all(len(attendee.heard()) >= 15 for attendee in attendees.values())

    story.timeline.wait("everyone to hear everything", together(all_heard), within=10)
    heard = [attendee.heard() for attendee in attendees.values()]
    story.timeline.claim(
        "Chat of three people at once arrives everywhere in the same order",
        heard[0] == heard[1] == heard[2],
    )
    identifiers = [
        story.people[part].subject.encode() for part in ("first", "second-patient", "facilitator")
    ]
    seen = b"".join(attendees["first"].received + attendees["second-patient"].received)
    story.timeline.claim(
        "Patients receive aliases and nobody's id",
        not any(identifier in seen for identifier in identifiers),
    )


def _cut(story: Story, attendees: dict[str, Attendee]) -> None:
    lost, others = attendees["second-patient"], attendees["first"]
    lost.cut()
    for line in range(5):
        others.say(f"sample line while away {line}")

    def said() -> bool:
        return len(others.heard()) >= 20

    story.timeline.wait("the room to go on", together(said), within=10)
    start = time.monotonic()
    lost.connect()
    story.timeline.wait(
        "the lost one to catch up", together(lambda: len(lost.heard()) >= 20), within=10
    )
    story.timeline.note("sessions", "A cut connection resumes", milliseconds=since(start))
    numbers = [event.number for event in lost.room]
    story.timeline.claim(
        "Nothing is missing and nothing came twice",
        lost.heard() == others.heard() and len(numbers) == len(set(numbers)),
        seen=f"{len(lost.heard())} of {len(others.heard())} lines",
    )


def _minutes(story: Story) -> None:
    def counted() -> dict[str, int] | None:
        found = story.world.ask(
            story.people["facilitator"],
            sessions_pb2.ListAttendanceRequest(session_id=story.ids["session"]),
        ).attendances
        seconds = {entry.patient_id: entry.counted_seconds for entry in found}
        present = [seconds.get(story.patient(part).subject, 0) for part in PRESENT]
        return seconds if min(present) > 0 else None

    seconds = story.timeline.wait("counted time", counted, within=10)
    missing = story.patient("missing").subject
    story.timeline.claim(
        "Time is counted for those who are here and not for the one who is not",
        seconds.get(missing, 0) == 0,
    )


def _break(story: Story, attendees: dict[str, Attendee]) -> None:
    clinician, session = story.people["facilitator"], story.ids["session"]
    story.world.ask(clinician, sessions_pb2.StartBreakRequest(session_id=session))
    story.world.ask(clinician, sessions_pb2.EndBreakRequest(session_id=session))

    def over() -> bool:
        last = sessions.ROOM_EVENT_KIND_BREAK_ENDED
        return all(attendee.room[-1].kind == last for attendee in attendees.values())

    story.timeline.wait("everyone to know that a break is over", together(over), within=5)


def _give(story: Story, attendees: dict[str, Attendee]) -> None:
    """Something to do until next week, also for the one who did not come."""
    day = datetime.now(UTC).date() + timedelta(days=7)
    given = story.world.ask(
        story.people["facilitator"],
        assignments_pb2.HandOutAssignmentRequest(
            session_id=story.ids["session"],
            patient_ids=[story.patient(part).subject for part in ("second-patient", "missing")],
            title="Sample diary",
            instructions="Sample words of what to write down",
            due_date=Date(year=day.year, month=day.month, day=day.day),
            due_minute=18 * 60,
        ),
    ).assignments
    hers = story.patient("second-patient").subject
    story.ids["assignment"] = next(each.assignment_id for each in given if each.patient_id == hers)

    def told(part: str) -> bool:
        return any(event.HasField("assignment") for event in attendees[part].private)

    story.timeline.wait(
        "the word of something to do", together(lambda: told("second-patient")), within=10
    )
    story.timeline.claim(
        "What is handed out is told in private to whom it is given",
        not told("first"),
    )
