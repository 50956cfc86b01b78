"""7. Who does not come is noticed, nudged, and known at intake; then the session ends."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2
from haven.sessions.v1 import sessions_pb2

from cli.demo.attendee import Attendee, together
from cli.demo.cast import COORDINATOR, Story, email_of
from cli.servers import Mail


def play(story: Story, attendees: dict[str, Attendee]) -> None:
    """Wait for the nudge and the record, then close the room."""
    story.timeline.chapter("7. Somebody did not come")
    missing = story.patient("missing")

    def absent() -> bool:
        found = story.world.ask(
            COORDINATOR, intake_pb2.ListAbsencesRequest(patient_id=missing.subject)
        ).absences
        return story.ids["session"] in {absence.session_id for absence in found}

    story.timeline.wait("the absence to reach intake", together(absent), within=30)
    story.timeline.claim("The absence is on the patient's record at intake", True)
    mails = story.timeline.wait("the nudge", lambda: _nudges(story) or None, within=10)
    wording = (mails[0].subject + mails[0].text).lower()
    story.timeline.claim(
        "The patient got one nudge, without a clinical word",
        len(mails) == 1 and not any(word in wording for word in CLINICAL_WORDS),
        seen=mails[0].subject,
    )
    _end(story, attendees)


def _nudges(story: Story) -> list[Mail]:
    """What was mailed to the patient who did not come, but for the code that proved the address."""
    mails = story.mails_to(email_of("missing"))
    return [mail for mail in mails if mail.subject != "Your code"]


def _end(story: Story, attendees: dict[str, Attendee]) -> None:
    story.world.ask(
        story.people["facilitator"],
        sessions_pb2.EndSessionRequest(session_id=story.ids["session"]),
    )
    for attendee in attendees.values():
        story.timeline.wait("a goodbye", together(lambda one=attendee: bool(one.ended)), within=10)  # type: ignore[misc]
        attendee.cut()
    patient = story.patient("first")

    def recorded() -> int | None:
        found = story.world.ask(
            patient, intake_pb2.ListAttendancesRequest(patient_id=patient.subject)
        ).attendances
        return next((entry.counted_seconds for entry in found), None)

    seconds = story.timeline.wait("the counted time at intake", recorded, within=10)
    story.timeline.note("intake", f"{seconds} counted seconds on the first patient's record")


CLINICAL_WORDS = ("therapy", "treatment", "group", "depress", "addict", "iop", "clinic", "patient")
