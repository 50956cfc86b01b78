"""2. Screenings: item 9 acts as it arrives; a screener left half-way counts as its worst."""

from __future__ import annotations

import grpc
from haven.crisis.v1 import crisis_pb2
from haven.crisis.v1 import events_pb2 as crisis_events
from haven.crisis.v1 import resources_pb2 as crisis
from haven.intake.v1 import events_pb2, intake_pb2
from haven.intake.v1 import resources_pb2 as intake

from cli.demo.cast import SUPERVISOR, Story, email_of
from cli.demo.timeline import timed
from cli.demo.world import refusal

PHQ9_ITEMS = (
    "44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3 44260-8".split()  # noqa: SIM905
)
GAD7_ITEMS = "69725-0 68509-9 69733-4 69734-2 69735-9 69689-8 69736-7".split()  # noqa: SIM905
CSSRS_WISH, CSSRS_THOUGHTS = "93246-7", "93247-5"


def play(story: Story) -> None:
    """Answer three screenings, and let a human take what they raise."""
    story.timeline.chapter("2. Screening")
    versions = {
        entry.instrument: entry.instrument_version
        for entry in story.world.ask(
            story.patient("first"), intake_pb2.ListInstrumentsRequest()
        ).instruments
    }
    _phq9(story, versions["phq-9"])
    _gad7(story, versions["gad-7"])
    _abandoned_screener(story, versions["c-ssrs-screener"])
    _taken(story)


def _phq9(story: Story, version: str) -> None:
    world, timeline, patient = story.world, story.timeline, story.patient("first")
    screening = world.ask(
        patient,
        intake_pb2.StartScreeningRequest(
            patient_id=patient.subject, instrument="phq-9", instrument_version=version
        ),
    ).screening
    for code in PHQ9_ITEMS[:8]:
        _answer(story, screening.screening_id, code, 1)
    _, took = timed(lambda: _answer(story, screening.screening_id, PHQ9_ITEMS[8], 1))
    timeline.note("intake", "Item 9 of the PHQ-9 is answered with 1; the form is not complete")
    case, waited = timed(
        lambda: timeline.wait(
            "a crisis case after item 9",
            lambda: _open_case(story, patient.subject),
            within=5,
        )
    )
    story.ids["first.case"] = case.case_id
    timeline.note("crisis", "A case is open", milliseconds=took + waited)
    page, _ = timed(
        lambda: timeline.wait(
            "the page at the mail server",
            lambda: story.mails_to(email_of("facilitator")),
            within=5,
        )
    )
    timeline.claim("The on-call clinician has one page by e-mail", len(page) == 1)
    done = world.ask(
        patient, intake_pb2.CompleteScreeningRequest(screening_id=screening.screening_id)
    ).screening
    timeline.claim(
        "The PHQ-9 of nine ones is 9, mild",
        (done.score.value, done.score.band) == (9, "mild"),
        seen=str(done.score),
    )


def _gad7(story: Story, version: str) -> None:
    patient = story.patient("first")
    answers = [intake.Answer(item_code=code, value=2) for code in GAD7_ITEMS]
    done = story.world.ask(
        patient,
        intake_pb2.SubmitScreeningRequest(
            patient_id=patient.subject,
            instrument="gad-7",
            instrument_version=version,
            answers=answers,
        ),
    ).screening
    story.timeline.claim(
        "The GAD-7 of seven twos is 14, moderate",
        (done.score.value, done.score.band) == (14, "moderate"),
        seen=str(done.score),
    )
    bad = [intake.Answer(item_code="69725-0", value=4), intake.Answer(item_code="00000-0", value=1)]
    refused = story.world.refused(
        patient,
        intake_pb2.SubmitScreeningRequest(
            patient_id=patient.subject, instrument="gad-7", instrument_version=version, answers=bad
        ),
    )
    story.timeline.claim(
        "An answer out of range and an unknown item are refused, each named",
        refused is not None and refused.code == "INVALID_ARGUMENT" and len(refused.fields) == 2,
        seen=str(refused),
    )


def _abandoned_screener(story: Story, version: str) -> None:
    world, timeline, patient = story.world, story.timeline, story.patient("first")
    screening = world.ask(
        patient,
        intake_pb2.StartScreeningRequest(
            patient_id=patient.subject, instrument="c-ssrs-screener", instrument_version=version
        ),
    ).screening
    _answer(story, screening.screening_id, CSSRS_WISH, 1)
    _answer(story, screening.screening_id, CSSRS_THOUGHTS, 1)
    timeline.note("intake", "The C-SSRS screener is left after its second question")

    def left() -> intake.Screening | None:
        found: intake.Screening = world.ask(
            patient, intake_pb2.GetScreeningRequest(screening_id=screening.screening_id)
        ).screening
        return found if found.state == intake.SCREENING_STATE_ABANDONED else None

    ended = timeline.wait("the screener to count as completed", left, within=15)
    timeline.claim(
        "It counts as the highest tier that any completion could reach: HIGH",
        ended.tier == events_pb2.RISK_TIER_HIGH,
        seen=events_pb2.RiskTier.Name(ended.tier),
    )

    def raised() -> crisis.Case | None:
        case = _open_case(story, patient.subject)
        return case if case and case.severity == crisis_events.SEVERITY_HIGH else None

    case = timeline.wait("the severity to rise", raised, within=5)
    timeline.claim(
        "It joined the patient's one open case and raised it to HIGH",
        case.case_id == story.ids["first.case"],
    )


def _taken(story: Story) -> None:
    """A clinician takes the case, talks with the patient, and a second person closes it."""
    world, clinician, case_id = story.world, story.people["facilitator"], story.ids["first.case"]
    world.ask(clinician, crisis_pb2.AcknowledgeCaseRequest(case_id=case_id))
    world.ask(
        clinician,
        crisis_pb2.RecordContactRequest(
            case_id=case_id, contact_method=crisis.CONTACT_METHOD_VIDEO
        ),
    )
    refused = world.refused(clinician, _resolution(case_id))
    story.timeline.claim(
        "A high case is not closed by the one who had it (SECOND_PERSON_REQUIRED)",
        refused is not None and refused.reason == "SECOND_PERSON_REQUIRED",
        seen=str(refused),
    )
    case = world.ask(SUPERVISOR, _resolution(case_id)).case
    story.timeline.claim(
        "A supervisor closes it after the contact", case.state == crisis.CASE_STATE_RESOLVED
    )


def _resolution(case_id: str) -> crisis_pb2.ResolveCaseRequest:
    return crisis_pb2.ResolveCaseRequest(
        case_id=case_id, disposition=crisis.DISPOSITION_SAFETY_PLAN_WITH_SUPPORTS
    )


def _answer(story: Story, screening_id: str, code: str, value: int) -> intake.Screening:
    answered: intake.Screening = story.world.ask(
        story.patient("first"),
        intake_pb2.RecordAnswersRequest(
            screening_id=screening_id, answers=[intake.Answer(item_code=code, value=value)]
        ),
    ).screening
    return answered


def _open_case(story: Story, patient_id: str) -> crisis.Case | None:
    request = crisis_pb2.ListCasesRequest(patient_id=patient_id)
    try:
        cases = story.world.ask(story.people["facilitator"], request).cases
    except grpc.RpcError as error:
        if refusal(error).code != "NOT_FOUND":
            raise
        return None  # crisis has not heard of the patient yet
    return next((case for case in cases if case.state != crisis.CASE_STATE_RESOLVED), None)
